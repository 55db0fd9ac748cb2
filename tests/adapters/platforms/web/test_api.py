"""What the page's API takes, refuses and gives back."""

import asyncio
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from adapters.platforms.web.adapter import WebPage
from adapters.platforms.web.api import FILES
from adapters.platforms.web.page import STATIC, read_static_file, render_page
from bot.errors import Busy
from bot.messages import Channel, File, OutgoingPost
from bot.web.server import WebServer
from bot.words import catalogue
from tests.adapters.platforms.web.conftest import MODELS, MOST_BYTES, House, recording
from tests.conftest import PHOTOS
from tests.doubles.waiting import until


async def get(house: House, path: str) -> tuple[int, Any]:
    async with house.visitor.http.get(path) as response:
        return response.status, await response.json()


async def test_the_front_door_leads_to_a_channel_of_ones_own(house: House) -> None:
    places = set()
    for _ in range(2):
        async with house.visitor.http.get("/") as response:
            assert response.status == 200
            assert "<title>Snapthread</title>" in await response.text()
            places.add(response.url.path)
    assert len(places) == 2
    assert all(place.startswith("/c/") for place in places)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("pt-PT,pt;q=0.9,es;q=0.8,en;q=0.7", "pt-BR"),
        ("en;q=0.1, ru; q=0.7", "ru"),
        ("hi;q=0,zh-Hant-TW;q=0.5", "zh"),
        ("fr-CH, fr;q=0.9, *;q=0.5", "fr"),
        ("it-CH, it;q=0.9, *;q=0.5", "en"),
        ("de;q=nonsense", "en"),
        ("", "en"),
    ],
)
async def test_the_page_is_served_in_the_language_that_the_browser_likes_best(
    house: House, accepted: str, language: str
) -> None:
    async with house.visitor.http.get("/c/lobby", headers={"Accept-Language": accepted}) as response:
        assert (response.content_type, response.headers["Vary"]) == ("text/html", "Accept-Language")
        page = await response.text()
    assert f'<html lang="{language}">' in page
    assert catalogue(language)["page_invitation"] in page


async def test_refusals_are_said_in_the_language_of_the_browser(house: House) -> None:
    headers = {"Accept-Language": "de"}
    async with house.visitor.http.get("/api/files/nothing", headers=headers) as response:
        assert (response.status, await response.json()) == (404, {"error": "Diese Datei gibt es nicht."})
    body = {"text": " ", "uploads": [], "key": "k"}
    async with house.visitor.http.post(house.visitor.path("messages"), json=body, headers=headers) as response:
        assert (await response.json())["error"].startswith("Es gibt noch nichts zu senden")
    assert (await house.visitor.say(" "))["error"].startswith("There is nothing to send yet")


@pytest.mark.parametrize("file", ["app.js", "markdown.js", "style.css", "icon.svg"])
async def test_the_page_is_made_of_files_that_are_there(house: House, file: str) -> None:
    async with house.visitor.http.get(f"/static/{file}") as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/static/..%2fapi.py", "/static/api.py", "/c/", "/c/a%2Fb", f"/c/{'x' * 65}"])
async def test_nothing_else_is_there(house: House, path: str) -> None:
    async with house.visitor.http.get(path) as response:
        assert response.status == 404


async def test_about_says_what_the_page_needs_to_know(house: House) -> None:
    status, about = await get(house, "/api/about")
    assert status == 200
    assert about["name"] == "Snapthread"
    assert about["banner"] == "Sandbox: answers come from this machine."
    assert about["most_bytes"] == MOST_BYTES


async def test_a_banner_may_change(tmp_path: Path) -> None:
    banners = iter(["one", "two"])
    async with House.open(tmp_path, banner=lambda: next(banners)) as house:
        assert [(await get(house, "/api/about"))[1]["banner"] for _ in range(2)] == ["one", "two"]


async def test_models_come_as_they_are(house: House) -> None:
    assert await get(house, "/api/models") == (200, MODELS)


async def test_models_that_cannot_be_had_are_a_sentence(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> list[dict[str, Any]]:
        raise Busy("provider_unreachable")

    monkeypatch.setattr("tests.adapters.platforms.web.conftest.models", broken)
    async with House.open(house.folder / "other") as other:
        assert await get(other, "/api/models") == (502, {"error": "The provider cannot be reached right now."})


@pytest.mark.parametrize(
    ("file", "shown_as"),
    [
        ("cat.jpg", "image/jpeg"),
        ("coffee.png", "image/png"),
        ("astronaut.webp", "image/webp"),
        ("cat-animated.gif", "image/gif"),
        ("cat.avif", "image/avif"),
        ("cat.heic", None),
        ("not-an-image.jpg", None),
        ("empty.jpg", None),
        ("bomb-20000x20000.png", None),
        ("truncated.jpg", "image/jpeg"),
    ],
)
async def test_pictures_come_back_and_nothing_else_does(house: House, file: str, shown_as: str | None) -> None:
    data = (PHOTOS / file).read_bytes()
    photo = await house.visitor.upload(data, file, "image/jpeg")
    assert (photo["status"], photo["name"], photo["size"]) == (201, file, len(data))
    assert (photo["url"] is None) == (shown_as is None)
    async with house.visitor.http.get(f"/api/uploads/{photo['id']}") as response:
        assert response.status == (200 if shown_as else 404)
        if shown_as:
            assert response.content_type == shown_as
            assert await response.read() == data
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in response.headers["Content-Security-Policy"]
            assert file in response.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("head", "played_as"),
    [
        (b"OggS", "audio/ogg"),
        (b"RIFF\0\0\0\0WAVE", "audio/wav"),
        (b"fLaC", "audio/flac"),
        (b"ID3\4", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"\xff\xf1\x50", "audio/aac"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (b"\xff\xfe<\0s\0", None),  # a text of Windows'
        (b"\xff", None),
        (b"\xff\xe8", None),
        (b"\0\0\0\x20ftypisom", None),
        (b"%PDF-1.7", None),
        (b"<script>", None),
    ],
)
async def test_sounds_are_told_by_their_bytes(house: House, head: bytes, played_as: str | None) -> None:
    sound = await house.visitor.upload(head + bytes(99), "voice.ogg", "audio/ogg")
    assert (sound["plays"], sound["url"] is None) == (played_as is not None, played_as is None)
    async with house.visitor.http.get(f"/api/uploads/{sound['id']}") as response:
        assert response.status == (200 if played_as else 404)
        assert not played_as or response.content_type == played_as


@pytest.mark.parametrize(
    ("wanted", "status", "start", "stop"),
    [
        (None, 200, 0, 100),
        ("bytes=0-", 206, 0, 100),
        ("bytes=0-1", 206, 0, 2),
        ("bytes=90-500", 206, 90, 100),
        ("bytes=-10", 206, 90, 100),
        ("bytes=100-", 200, 0, 100),
        ("bytes=5-2", 200, 0, 100),
        ("pages=1-2", 200, 0, 100),
    ],
)
async def test_a_player_may_ask_for_a_part_of_a_sound(
    house: House, wanted: str | None, status: int, start: int, stop: int
) -> None:
    data = b"OggS" + bytes(range(96))
    sound = await house.visitor.upload(data, "voice.ogg", "audio/ogg")
    headers = {"Range": wanted} if wanted else {}
    async with house.visitor.http.get(sound["url"], headers=headers) as response:
        assert (response.status, await response.read()) == (status, data[start:stop])
        assert response.headers["Accept-Ranges"] == "bytes"
        told = f"bytes {start}-{stop - 1}/100" if status == 206 else None
        assert response.headers.get("Content-Range") == told


async def test_a_drawing_with_a_script_in_it_does_not_come_back(house: House) -> None:
    drawing = await house.visitor.upload(b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "x.svg")
    assert drawing["url"] is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\fotos\\Käse.jpg", "Käse.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie: x.jpg"),
        ("", "photo"),
        ("\u202egpj.exe", "gpj.exe"),
        ("y" * 300 + ".jpg", "y" * 116 + ".jpg"),
    ],
)
async def test_names_are_made_harmless(house: House, name: str, kept: str) -> None:
    photo = await house.visitor.upload((PHOTOS / "cat.jpg").read_bytes(), name)
    assert photo["name"] == kept
    async with house.visitor.http.get(photo["url"]) as response:
        assert response.status == 200


async def test_a_file_up_to_the_limit_is_taken_and_a_larger_one_refused(house: House) -> None:
    assert (await house.visitor.upload(bytes(MOST_BYTES)))["status"] == 201
    refused = await house.visitor.upload(bytes(MOST_BYTES + 1))
    assert (refused["status"], refused["error"]) == (413, "This file is larger than 2 MB.")


async def test_a_file_that_hides_its_length_is_capped_too(house: House) -> None:
    async def endless() -> Any:
        while True:
            yield bytes(256 * 1024)

    async with house.visitor.http.post(house.visitor.path("uploads"), data=endless()) as response:
        assert response.status == 413


async def test_a_repeated_message_is_said_once(house: House) -> None:
    photo = await house.visitor.upload(b"x")
    first, again = [await house.visitor.say("hi", [photo["id"]], key="same") for _ in range(2)]
    other = await house.visitor.say("hi", [photo["id"]], key="other")
    assert first == again != other
    while len(house.bot.heard) < 2:
        await asyncio.sleep(0.01)
    assert house.bot.texts == ["hi", "hi"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "This is not JSON."),
        (b"\xff", "This is not JSON."),
        (b"[" * 100_000, "This is not JSON."),
        (b'{"text": "\\ud800", "uploads": [], "key": "k"}', "This is not JSON."),
        (b'{"text": "x", "\\udfff": [], "key": "k"}', "This is not JSON."),
        (b"9" * 5000, "This is not JSON."),
        (b"NaN", "This is not JSON."),
        (b'{"text": "x", "uploads": 1e999, "key": "k"}', "A message is {text, uploads: [ids], key}."),
        (b"[]", "A message is {text, uploads: [ids], key}."),
        (b'{"text": 1, "uploads": [], "key": "k"}', "A message is {text, uploads: [ids], key}."),
        (b'{"text": "x", "uploads": [], "key": "no spaces"}', "A message is {text, uploads: [ids], key}."),
        (b'{"text": " ", "uploads": [], "key": "k"}', "There is nothing to send yet: write something or add a photo."),
        (
            b'{"text": "%s", "uploads": [], "key": "k"}' % (b"x" * 100_001),
            "This is too long: 100,000 characters are the most.",
        ),
        (
            b'{"text": "x", "uploads": [%s], "key": "k"}' % b",".join([b'"id"'] * 11),
            "These are too many photos: 10 go into one message.",
        ),
    ],
)
async def test_a_message_that_makes_no_sense_is_refused_in_a_sentence(house: House, body: bytes, sentence: str) -> None:
    headers = {"Content-Type": "application/json"}
    async with house.visitor.http.post(house.visitor.path("messages"), data=body, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"] == sentence
    assert house.bot.heard == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_json_is_taken_only_where_it_says_so(house: House, kind: str) -> None:
    body = b'{"text": "x", "uploads": [], "key": "k"}'
    headers = {"Content-Type": kind}
    async with house.visitor.http.post(house.visitor.path("messages"), data=body, headers=headers) as response:
        assert response.status == 415
    assert house.bot.heard == []


@pytest.mark.parametrize("language", ["de", "zh-Hant-TW", "es-419", ""])
async def test_the_browsers_language_comes_along(house: House, language: str) -> None:
    async with house.visitor.looking() as look:
        await house.visitor.say("hi", language=language)
        await look.final()
    assert house.bot.heard[0].language == language


@pytest.mark.parametrize("language", ["d e", "x" * 21, "de\n", 7, None])
async def test_a_strange_language_is_no_reason_to_refuse_a_message(house: House, language: object) -> None:
    async with house.visitor.looking() as look:
        assert (await house.visitor.say("hi", language=language))["status"] == 202
        await look.final()
    assert house.bot.heard[0].language == ""


@pytest.mark.parametrize("about", ["", "x", "1/2", 7, "9" * 19, ["1"]])
async def test_a_press_that_is_about_nothing_that_makes_sense_is_refused(house: House, about: object) -> None:
    refused = await house.visitor.say("/read", about=about)
    assert (refused["status"], refused["error"]) == (400, "A message is {text, uploads: [ids], key}.")


async def test_a_press_is_about_an_answer_of_its_own_channel(house: House, lobby: Any) -> None:
    post = await house.web.send(lobby, OutgoingPost(text="here"))
    mine = await house.visitor.say("not an answer")
    missing = "That answer is no longer here. Say it in words."
    for channel, about in (("elsewhere", post), ("lobby", mine["id"]), ("lobby", "12345")):
        house.visitor.channel = channel
        refused = await house.visitor.say("/read", key="other", about=about)
        assert (refused["status"], refused["error"]) == (409, missing)


@pytest.mark.parametrize("name", ["export.zip", "page.html", "chart.png", "Ärger „1“.txt"])
async def test_a_file_of_ours_is_for_saving_and_never_opened(house: House, lobby: Any, name: str) -> None:
    data = b"<script>alert(1)</script>"
    await house.web.send(lobby, OutgoingPost(text="here", files=(File(name=name, mime="text/html", data=data),)))
    [file] = (await house.visitor.snapshot())["entries"][0]["photos"]
    assert file["url"] is None
    async with house.visitor.http.get(file["file"]) as response:
        assert (response.status, await response.read()) == (200, data)
        assert response.content_type == "application/octet-stream"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        assert "sandbox" in response.headers["Content-Security-Policy"]


async def test_a_picture_of_ours_is_shown(house: House, lobby: Any) -> None:
    await house.web.send(
        lobby,
        OutgoingPost(
            text="", files=(File(name="chart.png", mime="image/png", data=(PHOTOS / "coffee.png").read_bytes()),)
        ),
    )
    [file] = (await house.visitor.snapshot())["entries"][0]["photos"]
    async with house.visitor.http.get(file["url"]) as response:
        assert (response.status, response.content_type) == (200, "image/png")
        assert response.headers["Content-Disposition"].startswith("inline")


async def test_what_a_file_of_ours_shows_is_told_and_kept(house: House, lobby: Any) -> None:
    cat = File(name="1.png", mime="image/png", data=(PHOTOS / "coffee.png").read_bytes(), about="a cup of “coffee”")
    await house.web.send(
        lobby, OutgoingPost(text="", files=(cat, File(name="answer.wav", mime="audio/wav", data=recording())))
    )
    picture, sound = (await house.visitor.snapshot())["entries"][0]["photos"]
    assert (picture["about"], picture["plays"]) == ("a cup of “coffee”", False)
    assert (sound["about"], sound["plays"]) == ("", True)


async def test_a_file_that_nobody_brought_is_not_there(house: House) -> None:
    assert await get(house, "/api/files/nothing") == (404, {"error": "There is no such file."})


async def test_a_photo_of_another_channel_cannot_be_sent(house: House) -> None:
    photo = await house.visitor.upload(b"x")
    house.visitor.channel = "elsewhere"
    refused = await house.visitor.say("mine?", [photo["id"]])
    assert (refused["status"], refused["error"]) == (409, "A photo is no longer here. Remove it and add it again.")
    assert (await house.visitor.snapshot())["entries"] == []


async def test_every_tab_of_a_channel_sees_the_same_and_no_other_does(house: House) -> None:
    async with house.visitor.looking() as one, house.visitor.looking() as two:
        house.visitor.channel = "elsewhere"
        async with house.visitor.looking() as other:
            await other.next("snapshot")
            house.visitor.channel = "lobby"
            await house.visitor.say("hello")
            assert [(await look.next("message"))["text"] for look in (one, two)] == ["hello", "hello"]
            assert await one.final() == await two.final()
            house.visitor.channel = "elsewhere"
            await house.visitor.say("only here")
            assert (await other.next("message"))["text"] == "only here"


async def test_a_slow_tab_gets_the_newest_text_and_never_a_backlog(house: House, lobby: Any) -> None:
    with house.web.audience.tab("lobby") as tab:
        post = await house.web.send(lobby, OutgoingPost(text="0"))
        for n in range(1, 50):
            await house.web.edit(lobby, post, OutgoingPost(text=str(n)))
        assert [event.data["text"] for event in await tab.wait_for_events(1)] == ["49"]
    assert not house.web.audience._tabs


async def test_a_quiet_stream_is_kept_alive_and_says_what_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.platforms.web.api.PING_SECONDS", 0.02)
    async with house.visitor.looking() as look:
        await look.next("snapshot")
        assert (await look.next("model"))["id"] == "onemin/gpt-4o"
        house.bot.chosen["lobby"] = "vapi/claude-sonnet-4"  # in another channel that shares the conversation
        async with asyncio.timeout(30):
            while (await look.next("model"))["id"] != "vapi/claude-sonnet-4":
                pass


async def test_what_answers_is_said_with_every_post(house: House, lobby: Any) -> None:
    async with house.visitor.looking() as look:
        assert (await look.next("model"))["id"] == "onemin/gpt-4o"
        house.bot.chosen |= {"lobby": "onemin/mistral-large", "elsewhere": "vapi/claude-sonnet-4"}
        await house.web.send(lobby, OutgoingPost(text="Switched."))
        assert (await look.next("post"))["text"] == "Switched."
        assert (await look.next("model"))["id"] == "onemin/mistral-large"


async def test_what_was_said_can_be_read_while_nobody_knows_what_answers(tmp_path: Path) -> None:
    async def away(channel: str) -> str:
        raise ConnectionError

    async with House.open(tmp_path, model_of=away) as house, house.visitor.looking() as look:
        await look.next("snapshot")
        assert (await look.next("model"))["id"] == ""
        await house.visitor.say("hello")
        assert (await look.final())["text"] == "You said 'hello' and showed nothing."


async def test_a_tab_begins_with_the_last_entries_only(house: House, lobby: Any) -> None:
    for n in range(205):
        await house.web.journal.add_post("lobby", str(n), None, None)
    texts = [entry["text"] for entry in (await house.visitor.snapshot())["entries"]]
    assert texts == [str(n) for n in range(5, 205)]


async def test_a_closed_tab_is_forgotten(house: House) -> None:
    async with house.visitor.looking() as look:
        await look.next("snapshot")
        assert house.web.audience._tabs
    await until(lambda: not house.web.audience._tabs)


async def test_open_tabs_do_not_keep_the_server_from_stopping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.server.GRACE", 60.0)
    server = WebServer("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http, WebPage(server, tmp_path, max_bytes=1):
        async with server:
            response = await http.get(f"{server.url}/api/channels/lobby/events")
            assert await response.content.readuntil(b"\n\n") == b"retry: 1000\n\n"
            began = time.monotonic()
        assert time.monotonic() - began < 30
        await response.read()


async def revise(house: House, id: str, text: str, channel: str = "lobby") -> int:
    async with house.visitor.http.post(f"/api/channels/{channel}/messages/{id}", json={"text": text}) as response:
        return response.status


async def test_an_edited_message_is_said_again_and_only_a_question_of_the_channel_can_be(house: House) -> None:
    said = await house.visitor.say("a dog?")
    async with house.visitor.looking() as look:
        answered = await look.final() if not (await look.next("snapshot"))["entries"][1:] else None
        assert await revise(house, said["id"], "a cat?") == 202
        assert (await look.next("message"))["revised"] == 1
        await look.final()
    assert [(each.text, each.edited, each.asks_again) for each in house.bot.heard] == [
        ("a dog?", False, 0),
        ("a cat?", True, 1),
    ]
    assert await revise(house, said["id"], "a cat?", channel="elsewhere") == 409
    assert await revise(house, answered["id"] if answered else "1", "mine?") == 409
    for text in (" ", "/forget yes", "x" * 100_001):
        assert await revise(house, said["id"], text) == 400


async def test_commands_are_listed_in_the_language_of_the_browser(house: House) -> None:
    async with house.visitor.http.get("/api/commands", headers={"Accept-Language": "de"}) as response:
        commands = {each["name"]: each["help"] for each in await response.json()}
    assert commands["read"] == "den Text auf dem Foto lesen"
    assert "with" not in commands


async def test_the_whole_page_is_light_and_is_asked_for_once(house: House) -> None:
    assert sum(len(read_static_file(name).packed) for name in FILES) + len(render_page("en")) // 2 < 100_000
    async with house.visitor.http.get("/static/app.js", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert await response.text() == (STATIC / "app.js").read_text()
        tag = response.headers["ETag"]
    async with house.visitor.http.get("/static/app.js", headers={"If-None-Match": tag}) as response:
        assert response.status == 304
    async with house.visitor.http.get("/static/app.js", headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers


async def test_a_tab_in_the_background_asks_whether_there_is_an_answer(house: House) -> None:
    quiet, path = Channel("web", "quiet"), "/api/channels/quiet/news"
    post = await house.web.send(quiet, OutgoingPost(text="It is ▌", is_partial=True))
    assert await get(house, f"{path}?after=0") == (200, {"news": False})
    await house.web.edit(quiet, post, OutgoingPost(text="It is a cat."))
    assert await get(house, f"{path}?after=0") == (200, {"news": True})
    assert await get(house, f"{path}?after={post}") == (200, {"news": False})
    assert await get(house, "/api/channels/elsewhere/news?after=0") == (200, {"news": False})
    assert (await get(house, f"{path}?after=x"))[0] == 400
