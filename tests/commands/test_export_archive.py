"""A conversation to take along: what is in the zip, and what is not."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.export_archive import ExportLabels, export_zip
from bot.messages import (
    Attachment,
    Author,
    Channel,
    Conversation,
    File,
    JobResult,
    Message,
    MessageReference,
    Photo,
    Turn,
)

WHEN = 1_795_262_400.0  # 2026-11-21 12:00 UTC


folder: Path  # of the photos' files


@pytest.fixture(scope="module", autouse=True)
def files_of_photos(tmp_path_factory: pytest.TempPathFactory) -> None:
    global folder
    folder = tmp_path_factory.mktemp("photos")


def photo(name: str = "cat.heic", data: bytes = b"jpeg of a cat", mime: str = "image/jpeg") -> Photo:
    sha256 = hashlib.sha256(data).hexdigest()
    (folder / sha256).write_bytes(data)
    return Photo(name=name, mime=mime, file=folder / sha256, size=len(data), sha256=sha256, width=640, height=480)


def asked(
    n: int,
    question: str = "What is this?",
    *shown: Attachment,
    answer: str | None = "A **cat**.",
    author: str = "Ann",
    about: MessageReference | None = None,
) -> Turn:
    channel = Channel("telegram", "-100777/45")
    message = Message(
        channel=channel,
        id=f"id{n}",
        author=Author("user-4711", author),
        text=question,
        sent=WHEN - 3600 + n,
        attachments=shown,
        about=about,
    )
    result = None if answer is None else JobResult(text=answer)
    return Turn(
        id=n, conversation=Conversation(1, "sandbox/gpt-4o", remote_id="secret-uuid"), message=message, result=result
    )


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        assert len(set(names)) == len(names)
        return {name: packed.read(name) for name in names}


def exported(turns: list[Turn], photos: dict[str, Photo] | None = None, **options: Any) -> dict[str, bytes]:
    return unpacked(export_zip(turns, photos or {}, title="Our cats", when=WHEN, **options))


def book(files: dict[str, bytes]) -> Any:
    return json.loads(files["transcript.json"])


CAT = Attachment(ref="ref-of-cat", name="cat.heic", mime="image/heic", size=1234)
DOG = Attachment(ref="ref-of-dog", name="dog.png", mime="image/png", size=99)


def test_people_read_who_asked_what_and_when_and_what_was_answered() -> None:
    files = exported([asked(1, "What is this?\n\n# Really", CAT, DOG)], {"ref-of-cat": photo()})
    assert files["transcript.md"].decode() == (
        "# Our cats\n\n2026-11-21 12:00 · All times are in UTC.\n\n"
        "## Ann · 2026-11-21 11:00\n\n> What is this?\n>\n> # Really\n\n"
        "- ![cat.heic](photos/001-cat.jpg)\n- dog.png (no longer stored)\n\n"
        "**sandbox/gpt-4o**\n\n> A **cat**.\n"
    )
    assert files["photos/001-cat.jpg"] == b"jpeg of a cat"


def test_programs_read_the_same() -> None:
    files = exported([asked(1, "What is this?", CAT, DOG)], {"ref-of-cat": photo()})
    assert book(files) == {
        "format": 1,
        "title": "Our cats",
        "exported": "2026-11-21T12:00:00+00:00",
        "older_left_out": 0,
        "turns": [
            {
                "author": "Ann",
                "asked": "2026-11-21T11:00:01+00:00",
                "question": "What is this?",
                "photos": [
                    {
                        "name": "cat.heic",
                        "mime": "image/heic",
                        "size": 1234,
                        "file": "photos/001-cat.jpg",
                        "missing": None,
                    },
                    {"name": "dog.png", "mime": "image/png", "size": 99, "file": None, "missing": "gone"},
                ],
                "model": "sandbox/gpt-4o",
                "answer": "A **cat**.",
                "made": [],
            }
        ],
    }


def test_what_was_made_stands_below_the_answer_and_what_would_be_too_much_is_named() -> None:
    made = {
        1: [
            File(name="a.png", mime="image/png", data=b"picture"),
            File(name="b.mp3", mime="audio/mpeg", data=b"sound"),
            File(name="c.png", mime="image/png", data=b""),
        ]
    }
    files = exported([asked(1, "/imagine a cat", answer="Here.")], made=made, models={1: ""})
    assert (
        files["transcript.md"]
        .decode()
        .endswith(
            "> /imagine a cat\n\n> Here.\n\n"
            "- ![a.png](made/001-a.png)\n- [b.mp3](made/002-b.mp3)\n"
            "- c.png (left out to keep this file within its limit)\n"
        )
    )
    assert (files["made/001-a.png"], files["made/002-b.mp3"]) == (b"picture", b"sound")
    [turn] = book(files)["turns"]
    assert turn["model"] is None
    assert turn["made"] == [
        {"name": "a.png", "mime": "image/png", "size": 7, "file": "made/001-a.png", "missing": None},
        {"name": "b.mp3", "mime": "audio/mpeg", "size": 5, "file": "made/002-b.mp3", "missing": None},
        {"name": "c.png", "mime": "image/png", "size": None, "file": None, "missing": "left_out"},
    ]


def test_nothing_tells_where_it_was_said_or_how_to_fetch_anything() -> None:
    everything = b"".join(exported([asked(1, "What?", CAT, DOG)], {"ref-of-cat": photo()}).values())
    for secret in (b"ref-of", b"4711", b"777", b"telegram", b"secret-uuid", b"id1"):
        assert secret not in everything


def test_who_answered_is_known_by_turn() -> None:
    models = [turn["model"] for turn in book(exported([asked(1), asked(2)], models={1: "onemin/o3"}))["turns"]]
    assert models == ["onemin/o3", "sandbox/gpt-4o"]


def test_a_question_without_an_answer_is_told_too() -> None:
    files = exported([asked(1, answer=None)])
    assert b"*no answer*" in files["transcript.md"]
    assert book(files)["turns"][0]["answer"] is None


def test_an_empty_conversation_has_a_title_and_no_more() -> None:
    files = exported([])
    assert set(files) == {"transcript.md", "transcript.json"}
    assert book(files)["turns"] == []


def test_a_photo_that_was_asked_about_twice_is_there_once() -> None:
    again = asked(2, "And its colour?", about=MessageReference(id="post", ours=True, text="A cat.", attachments=(CAT,)))
    files = exported([asked(1, "What?", CAT), again], {"ref-of-cat": photo()})
    assert [turn["photos"][0]["file"] for turn in book(files)["turns"]] == ["photos/001-cat.jpg"] * 2
    assert len(files) == 3


def test_photos_of_the_same_name_do_not_cover_each_other() -> None:
    other = Attachment(ref="other", name="cat.heic")
    photos = {"ref-of-cat": photo(), "other": photo(data=b"another", mime="image/webp")}
    files = exported([asked(1, "Which?", CAT, other)], photos)
    assert files["photos/001-cat.jpg"] == b"jpeg of a cat"
    assert files["photos/002-cat.webp"] == b"another"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "001-passwd.jpg"),
        ("C:\\Windows\\system32\\cmd.exe", "001-cmd.jpg"),
        ("..", "001-photo.jpg"),
        ("", "001-photo.jpg"),
        ("a b\u202egpj.exe", "001-a-b-gpj.jpg"),
        ("x\x00\n](http://evil) .png", "001-evil.jpg"),
        ("~$;`rm -rf`|.jpg", "001-rm-rf.jpg"),
        ("猫の写真.heic", "001-猫の写真.jpg"),
        ("बिल्ली.png", "001-बिल्ली.jpg"),
        ("cafe\u0301.png", "001-café.jpg"),
        ("x" * 300 + ".png", f"001-{'x' * 40}.jpg"),
    ],
)
def test_names_of_files_are_safe(name: str, stored: str) -> None:
    files = exported([asked(1, "What?", CAT)], {"ref-of-cat": photo(name)})
    assert set(files) == {"transcript.md", "transcript.json", f"photos/{stored}"}


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), min_size=1, max_size=5))
def test_whatever_people_call_things_the_zip_can_be_read(names: list[tuple[str, str]]) -> None:
    shown = [Attachment(ref=f"{n}", name=name) for n, (name, _) in enumerate(names)]
    turns = [asked(1, names[0][0], *shown, author=names[0][1], answer=names[-1][0])]
    files = exported(turns, {f"{n}": photo(name) for n, (_, name) in enumerate(names)})
    paths = [path.removeprefix("photos/") for path in files if path.startswith("photos/")]
    assert len({path.lower() for path in paths}) == len(names)
    for path in paths:
        assert not set(path) & set('/\\:*?"<>|\0\n') and ".." not in path and len(path.encode()) < 255
    assert len(book(files)["turns"][0]["photos"]) == len(names)


def test_names_mean_nothing_to_markdown() -> None:
    hostile = Attachment(ref="ref", name="a](http://evil)[b\n# Ann")
    text = exported([asked(1, "What?", hostile, author="<b>*Eve*\n## Ann")])["transcript.md"].decode()
    assert r"## \<b\>\*Eve\* ## Ann · " in text
    assert r"- a\](http://evil)\[b # Ann (no longer stored)" in text
    assert text.count("\n## ") == 1


def test_names_do_not_turn_the_line_round() -> None:
    text = exported([asked(1, author="\u202eEve\x00")])["transcript.md"].decode()
    assert "## Eve · " in text


def test_an_open_fence_does_not_swallow_what_follows() -> None:
    text = exported([asked(1, answer="```python\rprint(1)"), asked(2)])["transcript.md"].decode()
    assert "> ```python\n> print(1)\n\n## Ann" in text


def test_half_a_surrogate_does_no_harm() -> None:
    assert book(exported([asked(1, "a\ud83db")]))["turns"][0]["question"] == "a?b"


def test_the_same_conversation_gives_the_same_bytes() -> None:
    turns, photos = [asked(1, "What?", CAT, DOG)], {"ref-of-cat": photo(), "ref-of-dog": photo("dog.png")}
    first, again = (export_zip(turns, photos, title="Our cats", when=WHEN) for _ in range(2))
    assert first == again
    turned = dict(reversed(photos.items()))
    assert export_zip(turns, turned, title="Our cats", when=WHEN) == first


def test_a_zip_knows_no_moment_before_1980() -> None:
    assert unpacked(export_zip([], {}, title="Old", when=0.0))


def many(photos: int, size: int) -> tuple[list[Turn], dict[str, Photo]]:
    turns = [asked(n, "What?", Attachment(ref=f"ref{n}", name=f"{n}.jpg")) for n in range(photos)]
    return turns, {f"ref{n}": photo(f"{n}.jpg", bytes([n]) * size) for n in range(photos)}


@pytest.mark.parametrize("most_bytes", [4_000, 25_000, 50_000, 99_999, 103_000])
def test_the_oldest_photos_are_left_out_until_it_fits(most_bytes: int) -> None:
    turns, photos = many(10, 10_000)
    data = export_zip(turns, photos, title="Our cats", when=WHEN, most_bytes=most_bytes)
    assert len(data) <= most_bytes
    files = unpacked(data)
    told = [turn["photos"][0] for turn in book(files)["turns"]]
    kept = [shown["file"] for shown in told if shown["file"]]
    assert kept == [f"photos/{n + 1:03d}-{n}.jpg" for n in range(10 - len(kept), 10)]
    assert [shown["missing"] for shown in told] == ["left_out"] * (10 - len(kept)) + [None] * len(kept)
    assert len(kept) >= (most_bytes - 5_000) // 10_000
    assert files["transcript.md"].decode().count("(left out to keep this file within its limit)") == 10 - len(kept)


def test_everything_is_there_where_it_fits() -> None:
    assert len(exported(*many(10, 10_000))) == 12


def test_the_oldest_messages_are_left_out_where_the_words_alone_are_too_many() -> None:
    turns = [asked(n, hashlib.sha512(bytes([n])).hexdigest() * 3) for n in range(200)]
    data = export_zip(turns, {}, title="Our cats", when=WHEN, most_bytes=10_000)
    assert 5_000 < len(data) <= 10_000
    files = unpacked(data)
    left_out = book(files)["older_left_out"]
    assert [turn["question"] for turn in book(files)["turns"]] == [turn.message.text for turn in turns[left_out:]]
    assert f"within its limit: {left_out}*" in files["transcript.md"].decode()


def test_a_single_message_that_is_too_long_is_left_out_as_well() -> None:
    answer = "".join(hashlib.sha512(bytes([n])).hexdigest() for n in range(200))
    data = export_zip([asked(1, answer=answer)], {}, title="t" * 9999, when=WHEN, most_bytes=4_000)
    assert len(data) <= 4_000
    assert book(unpacked(data))["older_left_out"] == 1


def test_the_words_between_can_be_in_another_language() -> None:
    german = ExportLabels(
        times="Alle Zeiten in UTC.",
        gone="nicht mehr da",
        left_out="weggelassen",
        older="Weggelassen:",
        unanswered="keine Antwort",
    )
    text = exported([asked(1, "Was?", CAT, answer=None)], labels=german)["transcript.md"].decode()
    assert "- cat.heic (nicht mehr da)" in text
    assert "*keine Antwort*" in text
