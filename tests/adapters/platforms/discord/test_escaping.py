"""Nobody is called by what a model says."""

import pytest

from adapters.platforms.discord.escaping import ZERO_WIDTH_SPACE, escape_markdown
from adapters.platforms.discord.formatting import render


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone, @here", f"@{ZERO_WIDTH_SPACE}everyone, @{ZERO_WIDTH_SPACE}here"),
        (
            "<@123> <@!123> <@&12> <#1>",
            f"<@{ZERO_WIDTH_SPACE}123> <@!{ZERO_WIDTH_SPACE}123> <@&{ZERO_WIDTH_SPACE}12> <#{ZERO_WIDTH_SPACE}1>",
        ),
        ("<@$1$>", f"<@{ZERO_WIDTH_SPACE}1>"),
        ("    @everyone", f"    @{ZERO_WIDTH_SPACE}everyone"),
        ("me@example.org, @Tom, https://x.y/@everyone", "me@example.org, @Tom, https://x.y/@everyone"),
        ("&lt;@123>", "\\<@" + ZERO_WIDTH_SPACE + "123>"),
        ("<details>\n`@here` @here\n</details>", f"`@here` @{ZERO_WIDTH_SPACE}here"),
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
    assert escape_markdown(text) == shown
