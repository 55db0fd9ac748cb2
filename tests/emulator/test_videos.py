import pytest

from emulator.videos import linked

ID = "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    "link",
    [
        f"https://www.youtube.com/watch?v={ID}",
        f"https://m.youtube.com/watch?app=desktop&v={ID}&t=42s",
        f"http://youtu.be/{ID}?si=abc",
        f"https://youtube.com/shorts/{ID}",
        f"https://www.youtube.com/live/{ID}",
        f"https://www.youtube-nocookie.com/embed/{ID}",
        f"youtube.com/watch?v={ID}",
    ],
)
def test_links_to_videos_are_known(link: str) -> None:
    assert linked(f"What is said in {link}, please?") == (ID,)


@pytest.mark.parametrize(
    "text", ["https://youtube.com/@somebody", "https://youtu.be/short", "youtu.be/" + "x" * 12, ""]
)
def test_other_links_are_no_videos(text: str) -> None:
    assert linked(text) == ()


def test_each_video_counts_once() -> None:
    assert linked(f"youtu.be/{ID} youtu.be/aaaaaaaaaaa https://youtu.be/{ID}") == (ID, "aaaaaaaaaaa")
