"""Nobody is called by what a model says."""

import pytest

from adapters.platforms.discord.escaping import APART, escaped
from adapters.platforms.discord.formatting import render


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone, @here", f"@{APART}everyone, @{APART}here"),
        ("<@123> <@!123> <@&12> <#1>", f"<@{APART}123> <@!{APART}123> <@&{APART}12> <#{APART}1>"),
        ("<@$1$>", f"<@{APART}1>"),
        ("    @everyone", f"    @{APART}everyone"),
        ("me@example.org, @Tom, https://x.y/@everyone", "me@example.org, @Tom, https://x.y/@everyone"),
        ("&lt;@123>", "\\<@" + APART + "123>"),
        ("<details>\n`@here` @here\n</details>", f"<details>\n`@here` @{APART}here\n</details>"),
    ],
)
def test_nobody_is_called(text: str, shown: str) -> None:
    assert render(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*a* _b_ ~~c~~ `d`", r"\*a\* \_b\_ \~\~c\~\~ \`d\`"),
        ("# a\n> b\n- c\n+ d", "\\# a\n\\> b\n\\- c\n\\+ d"),
        ("||a|| <@1> a\\b", r"\|\|a\|\| \<@1> a\\b"),
        ("a - b > c, 1 + 1", "a - b > c, 1 + 1"),
    ],
)
def test_what_looks_like_markup_can_be_shown_as_it_is(text: str, shown: str) -> None:
    assert escaped(text) == shown
