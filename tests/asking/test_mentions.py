"""Links to videos are found in whatever form people paste them, and taken out when nobody is to follow them."""

import pytest

from bot.asking.mentions import check, latest, links, without_videos
from bot.errors import Refused

ID = "dQw4w9WgXcQ"
OTHER = "aqz-KE-bpKQ"
WATCH = f"https://www.youtube.com/watch?v={ID}"

FORMS = [
    f"https://youtu.be/{ID}",
    f"https://youtu.be/{ID}?si=AbC_dEf-1&t=42",
    f"http://youtube.com/watch?v={ID}",
    f"https://www.youtube.com/watch?list=PL123&v={ID}&index=2",
    f"https://m.youtube.com/watch?v={ID}#t=10",
    f"https://music.youtube.com/watch?v={ID}",
    f"https://www.youtube.com/shorts/{ID}?feature=share",
    f"https://youtube.com/live/{ID}",
    f"https://www.youtube-nocookie.com/embed/{ID}",
    f"HTTPS://WWW.YouTube.com/watch?v={ID}",
    f"youtube.com/watch?v={ID}",
    f"youtu.be/{ID}",
]
AROUND = ["{}", "<{}>", "({})", "What is said in {}?", "[this]({})", "**{}**", "see {}, please"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("around", AROUND)
def test_a_link_is_found_in_every_form_wherever_it_stands(form: str, around: str) -> None:
    assert links(around.format(form)) == (WATCH,)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("around", AROUND)
def test_and_taken_out_with_all_that_belongs_to_it(form: str, around: str) -> None:
    text = without_videos(around.format(form))

    assert text == around.format("[video]")
    assert links(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "youtube.com is a site",
        "https://example.com/watch?v=dQw4w9WgXcQ",
        "https://notyoutube.com/watch?v=dQw4w9WgXcQ",
        "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        "mail@youtu.be/dQw4w9WgXcQ",
        "https://vimeo.com/76979871",
    ],
)
def test_what_is_no_link_to_a_video_stays_as_it_is(text: str) -> None:
    assert links(text) == ()
    assert without_videos(text) == text
    check(text)


@pytest.mark.parametrize(
    "address",
    ["https://www.youtube.com/@somebody", "https://www.youtube.com/playlist?list=PL1", f"https://youtu.be/{ID}x"],
)
def test_no_address_over_there_is_left_for_somebody_to_follow(address: str) -> None:
    assert links(address) == ()
    assert without_videos(f"look: {address}.") == "look: [video]."


def test_the_same_video_counts_once_and_the_first_mention_comes_first() -> None:
    assert links(f"{FORMS[0]} or https://youtu.be/{OTHER} or {WATCH}") == (
        WATCH,
        f"https://www.youtube.com/watch?v={OTHER}",
    )


def test_of_many_videos_the_last_ones_stay() -> None:
    text = " ".join(f"https://youtu.be/{n}234567890-" for n in range(5))

    assert latest(text, 3) == f"[video] [video] {text.split(' ', 2)[2]}"
    assert latest(text, 5) == text


@pytest.mark.parametrize(
    "link", ["https://youtu.be/short", "https://www.youtube.com/watch?v=", f"https://youtube.com/shorts/{ID}{ID}"]
)
def test_a_link_that_leads_to_no_video_is_refused_by_name(link: str) -> None:
    with pytest.raises(Refused) as refused:
        check(f"What is in {link}")

    assert refused.value.code == "video_link"
    assert refused.value.values["link"] == link


def test_beside_a_good_link_a_bad_one_is_let_pass() -> None:
    check(f"https://youtu.be/short and {WATCH}")


def test_a_channel_is_no_bad_link() -> None:
    check("I like https://www.youtube.com/@somebody")


def test_a_long_text_takes_no_long_time() -> None:
    text = "youtube.com/" * 20_000 + "a." * 50_000

    assert links(text) == ()
    without_videos(text)
