"""Pictures and sound are ordered, made over there, and brought home."""

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from structlog.testing import capture_logs

from adapters.providers.onemin.generation_params import FEATURES, NEEDS_PHOTO, NEEDS_PROMPT
from adapters.providers.onemin.provider import OneMin
from bot.errors import BotError, Busy, Refused
from bot.messages import File, Generated, GenerationKind, GenerationRequest
from bot.ports import MediaGenerator
from bot.words import LANGUAGES
from emulator import Emulator, audio
from emulator.recording import RecordedRequest
from emulator.tools import TOOLS
from tests.adapters.providers.onemin.conftest import KEY, Client, Cloakroom, photo

CRAFTS: tuple[GenerationKind, ...] = (
    *("imagine", "vary", "edit", "cutout", "upscale"),
    *("erase", "untext", "backdrop", "animate", "prompt"),
)
SCHNELL = "black-forest-labs/flux-schnell"
EVERY = [(craft, id) for craft in CRAFTS for id, tool in TOOLS.items() if FEATURES[craft] in tool.features]


def order(
    craft: GenerationKind = "imagine", model: str = "gpt-image-1-mini", words: str = "a lighthouse", **wishes: str
) -> GenerationRequest:
    return GenerationRequest(
        kind=craft,
        model=model,
        words=words if craft in NEEDS_PROMPT else "",
        photo=photo() if craft in NEEDS_PHOTO else None,
        params=wishes,
    )


def sizes(made: Generated) -> list[tuple[int, int]]:
    return [picture(file).size for file in made.files]


def picture(file: File) -> Image.Image:
    image = Image.open(io.BytesIO(file.data))
    image.load()
    assert file.mime == f"image/{str(image.format).lower()}", "it is what it says it is"
    return image


def asked(emulator: Emulator) -> list[RecordedRequest]:
    return [seen for seen in emulator.seen if seen.path == "/api/features"]


def recording(words: str = "What is in this photo?", seconds: float = 2, name: str = "voice.oga") -> File:
    return File(name=name, mime="audio/ogg", data=audio.record(words, seconds))


# models


@pytest.mark.parametrize(
    ("craft", "usual"),
    [
        ("imagine", "gpt-image-1-mini"),
        ("vary", "black-forest-labs/flux-redux-schnell"),
        ("edit", "gpt-image-1-mini"),
        ("cutout", "recraft"),
        ("upscale", "recraft"),
        ("erase", "recraft"),
        ("untext", "clipdrop"),
        ("backdrop", "recraft"),
        ("animate", "kling"),
        ("prompt", "magic-art"),
        ("hear", "whisper-1"),
        ("speak", "tts-1"),
    ],
)
async def test_the_usual_model_comes_first_and_all_that_can_do_it_follow(
    onemin: OneMin, craft: str, usual: str
) -> None:
    models = await onemin.media.models(craft)

    assert models[0].id == usual
    assert {model.id for model in models} == {id for id, tool in TOOLS.items() if FEATURES[craft] in tool.features}
    assert all(model.price for model in models)


async def test_words_for_a_picture_are_words_and_no_file(onemin: OneMin) -> None:
    made = await onemin.media.generate(order("prompt", "magic-art"))

    assert made.files == ()
    assert made.text.startswith("a landscape picture")
    assert made.usage.credits == 10_000


async def test_a_video_is_made_of_a_picture_with_or_without_words(onemin: OneMin, emulator: Emulator) -> None:
    still = GenerationRequest(kind="animate", model="kling", words="", photo=photo())
    for request in (still, replace(still, words="it waves"), replace(still, params={"duration": "10"})):
        [file] = (await onemin.media.generate(request)).files
        assert (file.name, file.mime, file.data[4:8]) == ("animate.mp4", "video/mp4", b"ftyp")

    prompts = [seen.body["promptObject"] for seen in asked(emulator)]
    assert [("prompt" in prompt, prompt["duration"]) for prompt in prompts] == [(False, 5), (True, 5), (False, 10)]


@pytest.mark.parametrize(("craft", "model"), [("erase", "recraft"), ("backdrop", "recraft")])
async def test_what_needs_words_is_refused_without(onemin: OneMin, craft: GenerationKind, model: str) -> None:
    with pytest.raises(Refused) as refused:
        await onemin.media.generate(GenerationRequest(kind=craft, model=model, words=" ", photo=photo()))

    assert refused.value.code == "studio_no_words"


async def test_the_shipped_list_stands_in_for_the_live_one(onemin: OneMin, emulator: Emulator) -> None:
    live = {craft: await onemin.media.models(craft) for craft in FEATURES}
    emulator.faults.add("no_models", times=len(FEATURES))
    async with OneMin(KEY, emulator.url, "auto", Cloakroom(), acquire=Cloakroom().acquire) as other:
        for craft in FEATURES:
            shipped = await other.media.models(craft)
            assert [model.id for model in shipped] == [model.id for model in live[craft]]


async def test_what_is_no_craft_nobody_can_do(onemin: OneMin, emulator: Emulator) -> None:
    assert await onemin.media.models("sing") == ()
    assert emulator.seen == []


# pictures


def test_it_is_a_studio(client: Client) -> None:
    studio: MediaGenerator = client().media

    assert studio


@pytest.mark.parametrize(("craft", "model"), EVERY)
async def test_every_model_takes_an_order_as_the_table_puts_it(
    onemin: OneMin, emulator: Emulator, craft: GenerationKind, model: str
) -> None:
    made = await onemin.media.generate(order(craft, model))

    assert made.files or (craft == "prompt" and made.text)
    assert all(picture(file) for file in made.files if craft != "animate")
    assert made.usage.credits
    assert asked(emulator)[0].type == FEATURES[craft]


async def test_a_picture_has_a_name_of_ours_and_says_what_it_shows(onemin: OneMin) -> None:
    [file] = (await onemin.media.generate(order(words="../../etc/passwd, as a poem"))).files

    assert (file.name, file.about) == ("imagine.png", "../../etc/passwd, as a poem")


async def test_several_pictures_are_asked_for_one_by_one_and_each_has_a_link(
    onemin: OneMin, emulator: Emulator
) -> None:
    emulator.faults.add("results_private", times=3)

    made = await onemin.media.generate(order(n="3", size="1024x1536", quality="low"))

    assert sizes(made) == [(1024, 1536)] * 3
    assert [file.name for file in made.files] == ["imagine-1.png", "imagine-2.png", "imagine-3.png"]
    assert made.usage.credits == 3 * 6_000
    assert len(asked(emulator)) == 3


async def test_where_a_model_makes_four_at_once_all_of_them_come_home(onemin: OneMin, emulator: Emulator) -> None:
    made = await onemin.media.generate(order(model="magic-art", ratio="3:2"))

    assert len(made.files) == 4
    assert len({file.data for file in made.files}) == 4
    assert len(asked(emulator)) == 1
    assert made.usage.credits == 10_000, "four for the price of a job"


async def test_of_four_at_once_those_that_can_be_had_count(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("results_private")

    with capture_logs() as logs:
        made = await onemin.media.generate(order(model="magic-art"))

    assert len(made.files) == 1
    assert {"made": 4, "had": 1}.items() <= logs[-1].items()


async def test_one_of_several_that_fails_takes_nothing_from_the_others(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("moderated", times=2)

    made = await onemin.media.generate(order(n="3"))

    assert len(made.files) == 1


async def test_an_edited_photo_keeps_about_its_shape(onemin: OneMin) -> None:
    assert sizes(await onemin.media.generate(order("edit"))) == [(1536, 1024)]


async def test_a_photo_is_uploaded_once_for_many_orders(onemin: OneMin, emulator: Emulator) -> None:
    await onemin.media.generate(order("edit", n="2"))
    await onemin.media.generate(order("cutout", "recraft"))

    assert [seen.path for seen in emulator.seen].count("/api/assets") == 1
    assert all(seen.photos == 1 for seen in asked(emulator))


async def test_a_photo_that_is_gone_over_there_is_uploaded_again_once(onemin: OneMin, emulator: Emulator) -> None:
    await onemin.media.generate(order("cutout", "recraft"))
    emulator.faults.add("forget_asset", at="pictures")

    made = await onemin.media.generate(order("upscale", "recraft"))

    assert sizes(made) == [(902, 600)]
    assert [seen.path for seen in emulator.seen].count("/api/assets") == 2


async def test_a_cut_out_picture_is_transparent_around(onemin: OneMin) -> None:
    [file] = (await onemin.media.generate(order("cutout", "stable-image"))).files

    assert picture(file).mode == "RGBA"
    assert file.name == "cutout.png"


# what is refused before anything is sent


@pytest.mark.parametrize(
    ("wanted", "key", "says"),
    [
        (order(size="512x512"), "studio_size", "1024x1024, 1024x1536, 1536x1024"),
        (order(size="huge"), "studio_size", "1024x1024, 1024x1536, 1536x1024"),
        (order(n="11"), "studio_n", "1–10"),
        (order(n="0"), "studio_n", "1–10"),
        (order(n="many"), "studio_n", "1–10"),
        (order(model="magic-art", n="1"), "studio_n", "4"),
        (order(quality="best"), "studio_wish", "low, medium, high"),
        (order(style="vivid"), "studio_wish_unknown", "n, size, quality, background"),
        (order(model=SCHNELL, quality="high"), "studio_wish_unknown", "n, size"),
        (order("cutout", "recraft", size="1024x1024"), "studio_wish_unknown", "–"),
        (order(model="brand-new", size="1024x1024"), "studio_wish_unknown", "n"),
        (order(words="x" * 4_001), "studio_words_too_long", "4,000"),
        (order(words="🐈" * 2_001), "studio_words_too_long", "4,002"),
        (order(words=" \n"), "studio_no_words", ""),
        (replace(order("vary", "recraft"), photo=None), "studio_no_photo", ""),
        (order(model="gpt-image-2", size="1000x1000"), "studio_size_free", "16"),
        (order(model="gpt-image-2", size="512x512"), "studio_size_free", "655,360"),
        (order(model="gpt-image-2", size="3840x3840"), "studio_size_free", "8,294,400"),
        (order(model="gpt-image-2", size="3856x1536"), "studio_size_free", "3840"),
        (order(model="gpt-image-2", size="3200x800"), "studio_size_free", "3 times"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_what_cannot_be_is_refused_with_what_can_before_anything_is_sent(
    onemin: OneMin, emulator: Emulator, wanted: GenerationRequest, key: str, says: str
) -> None:
    with pytest.raises(Refused) as refused:
        await onemin.media.generate(wanted)

    assert refused.value.code == key
    assert says in str(refused.value)
    assert emulator.seen == []


@pytest.mark.parametrize(
    ("model", "wishes", "wanted"),
    [
        ("gpt-image-1", {"size": "1024×1536"}, (1024, 1536)),
        ("gpt-image-1", {"ratio": "2:3"}, (1024, 1536)),
        (SCHNELL, {"size": "1920x1080"}, (1360, 768)),
        (SCHNELL, {"ratio": "16:9"}, (1360, 768)),
        ("gpt-image-2", {"size": "1600x912"}, (1600, 912)),
        ("dall-e-3", {"size": "1792x1024", "quality": "HD"}, (1792, 1024)),
    ],
)
async def test_a_wish_is_understood_in_more_than_one_way(
    onemin: OneMin, model: str, wishes: dict[str, str], wanted: tuple[int, int]
) -> None:
    assert sizes(await onemin.media.generate(replace(order(model=model), params=wishes))) == [wanted]


async def test_a_transparent_picture_is_a_png_where_a_jpeg_is_the_rule(onemin: OneMin) -> None:
    [usual] = (await onemin.media.generate(order(model="gpt-image-2"))).files
    [clear] = (await onemin.media.generate(order(model="gpt-image-2", background="transparent"))).files

    assert (usual.name, clear.name) == ("imagine.jpg", "imagine.png")


# what goes wrong over there


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        ("moderated", "studio_moderated"),
        ("moderated_record", "studio_moderated"),
        ("no_credits_406", "provider_no_credits"),
        ("no_credits_200", "provider_no_credits"),
        ("no_credits_at_once", "provider_no_credits"),
        ("unsupported_model", "provider_unknown_model"),
        ("failed_record", "provider_failed"),
        ("wrong_key", "provider_wrong_key"),
        ("cloudflare_challenge", "provider_blocked"),
        ("gzip_bomb", "provider_nonsense"),
    ],
)
async def test_what_the_other_side_refuses_is_said_in_a_sentence(
    onemin: OneMin, emulator: Emulator, fault: str, key: str
) -> None:
    emulator.faults.add(fault, at="pictures")

    with pytest.raises(Refused) as refused:
        await onemin.media.generate(order())

    assert refused.value.code == key
    assert "Singapore" not in str(refused.value)
    assert len(emulator.seen) == 1, "it was not asked twice, and nothing was paid"


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        ("upstream_busy", "provider_down"),
        ("server_error", "provider_down"),
        ("bad_gateway", "provider_down"),
        ("rate_limited", "provider_rate_limited"),
        ("cut_before", "provider_unreachable"),
    ],
)
@pytest.mark.parametrize("place", ["pictures", "sound"])
async def test_trouble_over_there_is_worth_another_try(
    onemin: OneMin, emulator: Emulator, fault: str, key: str, place: str
) -> None:
    emulator.faults.add(fault, at=place)

    with pytest.raises(Busy) as busy:
        await (
            onemin.media.generate(order())
            if place == "pictures"
            else onemin.media.transcribe(recording(), "whisper-1", "")
        )

    assert busy.value.code == key


async def test_a_model_that_is_not_of_the_craft_is_named_and_costs_nothing(onemin: OneMin) -> None:
    with pytest.raises(Refused) as refused:
        await onemin.media.generate(order(model="whisper-1"))

    assert refused.value.code == "provider_unknown_model"
    assert "onemin/whisper-1" in str(refused.value)


async def test_making_may_take_longer_than_an_answer(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("slow", at="pictures", seconds=1.3)
    async with client(silence=1.0, patience=30) as onemin:
        made = await onemin.media.generate(order())

    assert made.files


async def test_but_not_for_ever(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("hang", at="pictures")
    async with client(patience=0.2) as onemin:
        with pytest.raises(Busy) as busy:
            await onemin.media.generate(order())

    assert busy.value.code == "provider_slow"


async def test_who_stops_waiting_leaves_nothing_running_over_there(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("hang", times=2, at="pictures")
    making = asyncio.create_task(onemin.media.generate(order(n="2")))
    while len(asked(emulator)) < 2:
        await asyncio.sleep(0.01)

    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    while not all(seen.left for seen in asked(emulator)):
        await asyncio.sleep(0.01)


async def test_a_photo_that_is_not_taken_is_refused_in_a_sentence(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("file_type")

    with pytest.raises(Refused) as refused:
        await onemin.media.generate(order("vary", "recraft"))

    assert str(refused.value) == "I can't work with this picture: the provider does not take it."


# bringing it home


@pytest.mark.parametrize("fault", ["result_full_url", "result_string", "result_object"])
async def test_results_are_found_in_every_shape(onemin: OneMin, emulator: Emulator, fault: str) -> None:
    emulator.faults.add(fault, at="pictures")

    assert sizes(await onemin.media.generate(order())) == [(1024, 1024)]


@pytest.mark.parametrize("fault", ["result_expired", "result_gone", "result_broken", "result_page"])
async def test_what_cannot_be_had_in_any_way_is_said_to_be_gone(onemin: OneMin, emulator: Emulator, fault: str) -> None:
    emulator.faults.add(fault, times=4, at="results")

    with pytest.raises(Refused) as refused, capture_logs() as logs:
        await onemin.media.generate(order())

    assert refused.value.code == "made_gone"
    paths = [seen.path for seen in emulator.seen if not seen.path.startswith("/api/results/")]
    assert [path.split("/")[1] for path in paths] == ["api", "asset.1min.ai", "images"]
    assert "X-Amz" not in f"{logs} {refused.value} {refused.value.__cause__} {refused.value.__context__}"


@pytest.mark.parametrize("fault", ["result_expired", "result_broken", "result_page"])
async def test_when_a_link_fails_the_other_way_is_tried(onemin: OneMin, emulator: Emulator, fault: str) -> None:
    emulator.faults.add(fault)

    made = await onemin.media.generate(order(model="magic-art"))

    assert len(made.files) == 4
    assert len(asked(emulator)) == 1, "it was made once"


@pytest.mark.parametrize("fault", ["server_error", "cut_before"])
async def test_a_hiccup_on_the_way_home_is_tried_again(onemin: OneMin, emulator: Emulator, fault: str) -> None:
    emulator.faults.add(fault, at="results")

    assert (await onemin.media.generate(order())).files
    assert len(asked(emulator)) == 1, "it was made once"


async def test_without_a_link_and_with_a_private_bucket_it_is_gone(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("result_key_only")

    with pytest.raises(Refused) as refused:
        await onemin.media.generate(order())

    assert refused.value.code == "made_gone"


async def test_our_key_never_goes_along_for_a_file(onemin: OneMin, emulator: Emulator) -> None:
    await onemin.media.generate(order(model="magic-art"))

    home = [seen for seen in emulator.seen if seen.path.startswith(("/asset.1min.ai/", "/images/"))]
    assert len(home) == 4
    assert not any(seen.keyed for seen in home)


async def test_no_link_and_no_key_is_said_or_kept_anywhere(
    client: Client, emulator: Emulator, cloakroom: Cloakroom
) -> None:
    emulator.faults.add("result_expired")
    with capture_logs() as logs:
        async with client() as onemin:
            await onemin.media.generate(order(model="magic-art"))
            emulator.faults.add("moderated_record")
            with pytest.raises(Refused) as refused:
                await onemin.media.generate(order("edit"))

    said = f"{logs} {refused.value!r} {cloakroom.kept}"
    assert "X-Amz" not in said
    assert "http" not in said
    assert KEY not in said


# recordings


@pytest.mark.parametrize(
    ("model", "language"),
    [
        ("whisper-1", "de"),
        ("whisper-1", "zh-CN"),
        ("whisper-1", ""),
        ("qwen3-asr-flash", "pt-BR"),
        ("latest_long", "de"),
        ("latest_long", "en-GB"),
        ("telephony", ""),
        ("medical_dictation", "eo"),
    ],
)
async def test_every_model_hears_in_its_own_words(onemin: OneMin, model: str, language: str) -> None:
    heard = await onemin.media.transcribe(recording("Was ist das?"), model, language)

    assert heard.text == "Was ist das?"
    assert heard.usage.credits


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_language_of_ours_is_one_that_can_be_told(onemin: OneMin, language: str) -> None:
    assert (await onemin.media.transcribe(recording("हाँ"), "latest_long", language)).text == "हाँ"


@pytest.mark.parametrize("fault", ["result_string", "result_object", "transcript_json", None])
async def test_a_transcript_is_read_in_every_shape(onemin: OneMin, emulator: Emulator, fault: str | None) -> None:
    if fault:
        emulator.faults.add(fault, at="sound")

    assert (await onemin.media.transcribe(recording("Is it a cat?"), "whisper-1", "en")).text == "Is it a cat?"


async def test_a_recording_in_which_nothing_is_said_is_refused(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("transcript_empty")

    with pytest.raises(Refused) as refused:
        await onemin.media.transcribe(recording(), "whisper-1", "en")

    assert refused.value.code == "voice_silent"


async def test_twenty_minutes_are_heard(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("slow", at="sound", seconds=1.3)
    async with client(silence=1.0, patience=60) as onemin:
        heard = await onemin.media.transcribe(recording("to be continued", 20 * 60), "whisper-1", "en")

    assert heard.text == "to be continued"
    assert heard.usage.credits == 20 * 60 * 100


async def test_a_recording_gets_a_name_that_is_taken_and_none_of_the_senders(
    onemin: OneMin, emulator: Emulator
) -> None:
    await onemin.media.transcribe(recording(name='my "secret"\r\nname.oga'), "whisper-1", "en")

    uploaded = emulator.seen[0]
    assert uploaded.name.endswith(".ogg")
    assert "secret" not in uploaded.name


async def test_a_recording_is_uploaded_once_for_several_tries(onemin: OneMin, emulator: Emulator) -> None:
    same = recording()  # two of them differ in the serial number of their Ogg stream
    emulator.faults.add("server_error", at="sound")
    with pytest.raises(Busy):
        await onemin.media.transcribe(same, "whisper-1", "en")

    await onemin.media.transcribe(same, "whisper-1", "en")

    assert [seen.path for seen in emulator.seen].count("/api/assets") == 1


async def test_a_recording_that_is_gone_over_there_is_uploaded_again(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("forget_asset", at="sound")

    assert (await onemin.media.transcribe(recording("hello"), "whisper-1", "en")).text == "hello"


def too_large() -> File:
    return File(name="long.wav", mime="audio/wav", data=b"RIFF\xff\xff\xff\xffWAVE" + bytes(26 * 1024 * 1024))


@pytest.mark.parametrize(
    ("sent", "key"),
    [(too_large(), "voice_too_large"), (File(name="voice.ogg", mime="audio/ogg", data=b"hello"), "voice_refused")],
)
async def test_what_no_model_hears_is_refused_before_anything_is_sent(
    onemin: OneMin, emulator: Emulator, sent: File, key: str
) -> None:
    with pytest.raises(Refused) as refused:
        await onemin.media.transcribe(sent, "whisper-1", "en")

    assert refused.value.code == key
    assert emulator.seen == []


@pytest.mark.parametrize(("fault", "key"), [("too_large", "voice_too_large"), ("file_type", "voice_refused")])
async def test_what_is_not_taken_over_there_is_said_of_the_recording(
    onemin: OneMin, emulator: Emulator, fault: str, key: str
) -> None:
    emulator.faults.add(fault)

    with pytest.raises(Refused) as refused:
        await onemin.media.transcribe(recording(), "whisper-1", "en")

    assert refused.value.code == key


# speech


async def test_what_is_read_aloud_can_be_heard_again(onemin: OneMin) -> None:
    made = await onemin.media.speak("A cat sits on a wall.", "tts-1")
    [file] = made.files

    assert (file.name, file.mime, file.about) == ("speech.ogg", "audio/ogg", "A cat sits on a wall.")
    assert made.usage.credits
    assert (await onemin.media.transcribe(file, "whisper-1", "en")).text == "A cat sits on a wall."


async def test_a_long_text_is_read_up_to_the_end_of_a_sentence(onemin: OneMin, emulator: Emulator) -> None:
    await onemin.media.speak("This is a sentence with 3.5 commas. " * 200, "tts-1")

    said = emulator.seen[0].prompt
    assert 4_000 < len(said) <= 4_096
    assert said.endswith("commas.")


async def test_nothing_is_not_read_aloud(onemin: OneMin, emulator: Emulator) -> None:
    with pytest.raises(Refused) as refused:
        await onemin.media.speak(" \n ", "tts-1")

    assert refused.value.code == "studio_no_words"
    assert emulator.seen == []


async def test_a_page_in_place_of_the_sound_is_not_sent_on(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("result_page", times=2)

    with pytest.raises(Refused) as refused:
        await onemin.media.speak("Hello!", "tts-1")

    assert refused.value.code == "made_gone"


@pytest.mark.parametrize("place", ["assets", "pictures", "sound", "results"])
@pytest.mark.parametrize("fault", ["hang", "cut_before", "gzip_bomb", "bad_gateway", "unavailable", "cloudflare_1015"])
async def test_whatever_goes_wrong_it_is_an_error_that_people_can_read(
    client: Client, emulator: Emulator, place: str, fault: str
) -> None:
    emulator.faults.add(fault, times=8, at=place)
    seconds = 0.3 if fault == "hang" else 30.0
    async with client(silence=seconds, patience=seconds) as onemin:
        with pytest.raises(BotError) as error:
            await _try(onemin, place)

    assert str(error.value)


async def _try(onemin: OneMin, place: str) -> Any:
    if place == "sound":
        return await onemin.media.speak("Hello!", "tts-1")
    return await onemin.media.generate(order("cutout", "recraft"))
