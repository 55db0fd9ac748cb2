"""The content of a post, as Discord shows it."""

from adapters.platforms.discord.outgoing_attachments import to_discord_files
from adapters.platforms.discord.post_content import PostContent
from bot.messages import File
from bot.replies.pages import units


def test_a_post_about_a_spoiler_is_behind_one_as_a_whole() -> None:
    assert PostContent("It is a **cat**.", is_spoiler=True).content == "||It is a **cat**.||"
    assert PostContent("It is a **cat**.").content == "It is a **cat**."


def test_nothing_in_it_ends_the_spoiler() -> None:
    for text in ("the ||killer|| is `a || b`", "||all of it||", "```\na || b\n```", "a table | b ||"):
        content = PostContent(text, is_spoiler=True).content
        assert content.startswith("||")
        assert content.endswith("||")
        assert content.count("||") == 2
        assert units(content) <= units(PostContent(text).content) + 4


def test_a_picture_of_a_spoiler_is_one() -> None:
    hidden, shown = to_discord_files(
        [
            File(name="a.png", mime="image/png", data=b"", is_spoiler=True),
            File(name="b.png", mime="image/png", data=b""),
        ]
    )
    assert (hidden.filename, shown.filename) == ("SPOILER_a.png", "b.png")


def test_what_is_quiet_is_small() -> None:
    assert PostContent("ALT: a cat", is_quiet=True).content == "-# ALT: a cat"
    assert PostContent("ALT: a cat", is_quiet=True, is_spoiler=True).content == "-# ||ALT: a cat||"
