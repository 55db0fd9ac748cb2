import aiohttp
import pytest

from emulator import Emulator, audio

from .conftest import Client, docx, pdf, photo


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.pdf", pdf("Hello Ada"), "Hello Ada"),
        ("a.docx", docx("Hello", "Ada"), "Hello\nAda"),
        ("a.txt", b"Hello Ada", "Hello Ada"),
        ("cat.jpg", photo(), ""),
        ("a.mp3", audio.speak("Hello", "nova", "mp3", 1), ""),
    ],
)
async def test_the_text_of_a_document_comes_back_with_its_id(client: Client, name: str, data: bytes, text: str) -> None:
    body = (await client.send(data, name)).json
    content = body["fileContent"]
    assert content["content"] == text
    assert content["metadata"] == {"token": len(text) // 4, "character": len(text)}
    assert content["type"] == name.rpartition(".")[2] and content["path"] == body["asset"]["key"]
    assert content["path"].startswith("images/" if name == "cat.jpg" else "documents/")


async def test_a_voice_note_needs_another_extension(client: Client) -> None:
    data = audio.speak("Hello", "nova", "opus", 1)
    assert (await client.send(data, "voice.oga")).json["message"] == "file type isn't supported"
    sent = (await client.send(data, "voice.ogg")).json
    assert sent["asset"]["metadata"]["mimetype"] == "audio/ogg"


async def test_without_eyes_documents_are_not_read() -> None:
    async with (
        Emulator(eyes=False) as emulator,
        aiohttp.ClientSession(emulator.url, headers={"API-KEY": "a key"}) as session,
    ):
        sent = (await Client(emulator, session).send(b"Hello", "a.txt")).json
    assert sent["fileContent"]["content"] == ""
