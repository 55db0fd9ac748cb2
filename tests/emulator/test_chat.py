import pytest

from emulator import audio

from .conftest import Client, docx, pdf, photo

LETTER = pdf("The invoice is for Ada", "The total is 12 pounds")
VIDEO = "https://youtu.be/dQw4w9WgXcQ"


async def test_an_answer_names_pages_and_words_of_a_document(client: Client) -> None:
    answer = (await client.ask("What is the total of the invoice?", files=[await client.file(LETTER, "a.pdf")])).answer
    assert "**File 1** 📄 a.pdf is a PDF of **2 pages** and 10 words. It begins: “The invoice is for Ada" in answer
    assert "Of your words I found *total* on page 2 and *invoice* on page 1." in answer
    assert client.emulator.seen[-1].files == 1


async def test_several_documents_are_numbered(client: Client) -> None:
    thread = await client.thread()
    letter, table = await client.file(docx("Hello"), "a.docx"), await client.file(b"a,b\n1,2\n", "b.csv")
    await client.ask("Look", thread=thread, files=[letter])
    answer = (await client.ask("And this?", thread=thread, files=[table, letter], stream=True)).said
    assert "**File 2** 📄 b.csv is a table (CSV) of **2 rows and 2 columns**" in answer
    assert "**File 1** 📄 a.docx" in answer and "File 3" not in answer


async def test_a_follow_up_knows_the_document(client: Client) -> None:
    thread = await client.thread()
    await client.ask("Look", thread=thread, files=[await client.file(LETTER, "a.pdf")])
    answer = (await client.ask("Who owes pounds?", thread=thread)).answer
    assert "Still about file 1 (a.pdf, a PDF of 2 pages). Of your words I found *pounds* on page 2." in answer
    beside = (await client.ask("And this?", await client.upload(photo()), thread=thread)).answer
    assert "Earlier came file 1 (a.pdf, a PDF of 2 pages)." in beside


async def test_a_document_costs_what_is_read_in_it(client: Client) -> None:
    short, long = await client.file(b"word", "a.txt"), await client.file(b"word " * 4_000, "b.txt")
    costs = [(await client.ask("?", files=[uuid])).record["metadata"]["inputToken"] for uuid in (short, long)]
    assert costs[1] - costs[0] > 4_000


async def test_a_sound_can_come_as_a_file(client: Client) -> None:
    sound = await client.file(audio.speak("hello there", "nova", "wav", 1), "a.wav")
    assert (
        "a.wav is a sound of **1.0 seconds** and 2 words. It begins: “hello there”"
        in (await client.ask("?", files=[sound])).answer
    )


@pytest.mark.parametrize(("data", "name"), [(b"%PDF-1.7 broken", "a.pdf"), (b"PK\x03\x04 broken", "a.docx")])
async def test_a_damaged_document_is_taken_and_then_refused(client: Client, data: bytes, name: str) -> None:
    sent = (await client.send(data, name)).json["fileContent"]
    assert (sent["content"], sent["metadata"]) == ("", {"token": 0, "character": 0})
    heard = await client.ask("?", files=[sent["uuid"]])
    assert (heard.status, heard.json["errorCode"]) == (400, "FILE_PROCESSING_FAILED")
    assert name in heard.json["message"]


async def test_files_are_known_by_their_id_only(client: Client) -> None:
    key = await client.upload(LETTER, "a.pdf")
    for unknown in (key, "20ad0277-0000-4000-8000-000000000000"):
        heard = await client.ask("?", files=[unknown])
        assert (heard.status, heard.json["errorCode"]) == (400, "ASSET_NOT_FOUND")
    picture = await client.file(photo(), "cat.jpg")
    assert (await client.ask("?", files=[picture])).json["errorCode"] == "FILE_PROCESSING_FAILED"


async def test_the_old_way_to_documents_begins_with_a_conversation(client: Client) -> None:
    uuid = await client.file(LETTER, "a.pdf")
    thread = (await client.begin(type="CHAT_WITH_PDF", fileList=[uuid])).json["conversation"]["uuid"]
    first = await client.ask_feature(type="CHAT_WITH_PDF", thread=thread, prompt="The total?")
    second = await client.ask_feature(type="CHAT_WITH_PDF", thread=thread, prompt="And now?")
    assert "a.pdf is a PDF of **2 pages**" in first.answer and first.record["type"] == "CHAT_WITH_PDF"
    assert "Still about file 1" in second.answer and "**File 1**" not in second.answer


async def test_the_old_way_needs_its_conversation(client: Client) -> None:
    for thread in (None, "CHAT_WITH_PDF", await client.thread()):
        heard = await client.ask_feature(type="CHAT_WITH_PDF", thread=thread)
        assert (heard.status, heard.json["errorCode"]) == (400, "REQUEST_BODY_VALIDATION_FAILED")
    assert (await client.begin(type="CHAT_WITH_PDF")).status == 400
    assert (await client.begin(type="CHAT_WITH_PDF", fileList=["nobody"])).json["errorCode"] == "ASSET_NOT_FOUND"
    uuid = await client.file(LETTER, "a.pdf")
    thread = (await client.begin(type="CHAT_WITH_PDF", fileList=[uuid])).json["conversation"]["uuid"]
    heard = await client.ask_feature(type="CHAT_WITH_PDF", thread=thread, model="gpt-4.1")
    assert heard.json["errorCode"] == "UNSUPPORTED_MODEL"


async def test_linked_videos_are_named_and_nothing_is_claimed_about_them(client: Client) -> None:
    answer = (await client.ask(f"Sum up {VIDEO} please")).answer
    assert "You linked 1 video: `dQw4w9WgXcQ`. I fetch nothing" in answer and "There is no photo" not in answer


async def test_three_videos_are_taken_of_a_question(client: Client) -> None:
    links = " ".join(f"youtu.be/{letter * 11}" for letter in "abcde")
    answer = (await client.ask(links)).answer
    assert "3 videos: `aaaaaaaaaaa`, `bbbbbbbbbbb` and `ccccccccccc`" in answer and "first 3 of 5 links" in answer


async def test_the_old_way_to_videos_begins_with_a_conversation(client: Client) -> None:
    begun = await client.begin(type="CHAT_WITH_YOUTUBE_VIDEO", youtubeUrl=VIDEO)
    thread = begun.json["conversation"]["uuid"]
    first = await client.ask_feature(type="CHAT_WITH_YOUTUBE_VIDEO", thread=thread)
    second = await client.ask_feature(type="CHAT_WITH_YOUTUBE_VIDEO", thread=thread, stream=True)
    assert "You linked 1 video: `dQw4w9WgXcQ`" in first.answer
    assert "Still about video `dQw4w9WgXcQ`." in second.text
    for link in (None, "https://example.com", 7):
        assert (await client.begin(type="CHAT_WITH_YOUTUBE_VIDEO", youtubeUrl=link)).status == 400
