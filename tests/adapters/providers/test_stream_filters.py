"""Thoughts that a model writes into its answer are told apart from it, and an answer about them stays whole."""

import base64
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.stream_filters import InlinePictureFilter, ThoughtFilter
from bot.files.photos import PhotoIntake
from bot.messages import ChannelSettings, Text
from bot.ports import Store
from bot.words import say
from tests.adapters.providers.onemin.test_reply_reader import event, read
from tests.conftest import PHOTOS, said
from tests.doubles.quirky import Answer, chunk, talking, whole, words

CAT = "It is a cat."

THOUGHTS = {  # what comes: what was thought
    f"<think>\nThe user wants a name.</think>\n\n{CAT}": "The user wants a name.",
    f"<think>\n\n</think>\n\n{CAT}": "",
    f"<thought>I look</thought>{CAT}": "I look",
    f"<thinking>In the picture: fur</thinking> {CAT}": "In the picture: fur",
    f'\n <reasoning effort="high">Hm.</reasoning>\n{CAT}': "Hm.",
    f"<THINK>Hm.</THINK>{CAT}": "Hm.",
    f"<think>a < b, and <b>fur</b></think>{CAT}": "a < b, and <b>fur</b>",
    f"<think>one</think>\n<think>two</think>\n{CAT}": "onetwo",
    f'<details type="reasoning" done="true">\n<summary>Thought for 3 s</summary>\n> Hm.\n</details>\n{CAT}': "Hm.",
    f"The user wants a name.\n</think>\n\n{CAT}": "The user wants a name.",
    f"The user wants a name.</thought>{CAT}": "The user wants a name.",
    f"</think>\n{CAT}": "",
    f"<reasoning_content>Hm.</reasoning_content>{CAT}": "Hm.",
    f"<internal_reasoning>\nHm.\n</internal_reasoning>\n\n{CAT}": "Hm.",
    f"<chain_of_thought>Hm.</chain_of_thought>{CAT}": "Hm.",
    f"<inner_monologue>Hm.</inner_monologue>{CAT}": "Hm.",
    f"<unused94>thought\nHm.<unused95>{CAT}": "Hm.",
    f"<analysis>In the picture: fur</analysis>\n\n{CAT}": "In the picture: fur",
    f"<|channel|>analysis<|message|>I look.<|end|><|start|>assistant<|channel|>final<|message|>{CAT}<|return|>": (
        "I look."
    ),
    f"<|channel|>analysis<|message|>I look.<|end|>{CAT}": "I look.",  # llama.cpp with --reasoning-format none
    f"<|start|>assistant<|channel|>analysis<|message|>I look.<|channel|>final <|message|>\n{CAT}<|end|>\n": "I look.",
    f"<|channel|>analysis<|message|>one<|end|><|start|>assistant<|channel|>commentary<|message|>two<|end|>{CAT}": (
        "onetwo"
    ),
    f"<|channel|>final<|message|>{CAT}<|return|>": "",
    f"analysisThe user wants a name.assistantfinal{CAT}": "The user wants a name.",
    f"<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>{CAT}<|END_RESPONSE|>": "Hm.",
    f"<|begin_of_thought|>\nHm.\n<|end_of_thought|>\n\n<|begin_of_solution|>\n{CAT}<|end_of_solution|>": "Hm.",
}
WHOLE = [
    "`<think>` is a tag of DeepSeek R1; `</think>` ends it.",
    "<think> is a tag of DeepSeek R1.",
    "<think>, <thinking> and <reasoning> are tags.",
    "<think>…</think> wraps what a model thinks.",
    "Models write <think>Hm.</think> before they answer.",
    "The tag </think> ends a thought, and then comes the answer.",
    "It is a cat.\n\n```html\n</think>\n```\n",
    "It is a cat. <think>Or not?</think>",
    "<details><summary>More</summary>It is a cat.</details>",
    "<thinker> is no tag",
    "<chain_of_thought> is a tag in some prompts.",
    "<unused1> is no tag",
    "<b>It is a cat.</b>",
    "<",
    "</",
    "I <3 cats",
    "The code is `x</think>y`.",
    "<analysis> is no tag of HTML.",
    "analysis of the picture: a cat",
    "analysis",
    "<|channel|> is a token of gpt-oss, as is <|end|>",
    "<|channel|>analysis<|message|> is what gpt-oss begins with.",
    "`<|channel|>analysis<|message|>` begins its thoughts, <|return|> ends the answer.",
    "<|",
]

TINY = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
URL = f"data:image/png;base64,{base64.b64encode(TINY).decode()}"


def split(pieces: Sequence[str]) -> tuple[str, str]:
    """The answer and the thoughts, as somebody reads them who heeds what is taken back."""
    sorter, answer, thoughts = ThoughtFilter(), "", ""
    for found in [*(each for piece in pieces for each in sorter.feed(piece)), *sorter.end()]:
        if isinstance(found, Text):
            answer += found.text
        else:
            thoughts += (answer if found.takes_back else "") + found.text
            answer = "" if found.takes_back else answer
    return answer, thoughts.strip()


@st.composite
def cut(draw: st.DrawFn, text: str) -> list[str]:
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@pytest.mark.parametrize("text", THOUGHTS)
def test_thoughts_are_no_part_of_the_answer_wherever_they_are_cut(text: str) -> None:
    @given(cut(text))
    def check(pieces: list[str]) -> None:
        assert split(pieces) == (CAT, THOUGHTS[text])

    check()
    assert split(list(text)) == (CAT, THOUGHTS[text])


@pytest.mark.parametrize("text", WHOLE)
def test_an_answer_about_such_tags_stays_whole(text: str) -> None:
    @given(cut(text))
    def check(pieces: list[str]) -> None:
        assert split(pieces) == (text, "")

    check()
    assert split(list(text)) == (text, "")


def test_what_is_never_closed_is_a_thought_to_its_end() -> None:
    assert split(["<think>Hm, ", "let me see"]) == ("", "Hm, let me see")
    assert split(["<|channel|>analysis<|message|>Hm, ", "let me see<|"]) == ("", "Hm, let me see<|")


@given(st.text(alphabet="<>/think `\n.a", max_size=60), st.data())
def test_nothing_is_lost(text: str, data: st.DataObject) -> None:
    answer, thoughts = split(data.draw(cut(text)))
    assert len(answer) + len(thoughts) <= len(text)
    if "<" not in text:
        assert answer == text


# in a chat


def streamed(text: str) -> Answer:
    """An answer that is cut in the middle of its tags."""
    return words(*(text[at : at + 3] for at in range(0, len(text), 3)))


@pytest.mark.parametrize("how", [streamed, whole])
@pytest.mark.parametrize("text", [list(THOUGHTS)[n] for n in (0, 1, 2, 9, 13)])
async def test_only_the_answer_is_shown_and_kept(sqlite: Store, photos: PhotoIntake, how: object, text: str) -> None:
    async with talking(sqlite, photos, lambda asked: how(text)) as talk:  # type: ignore[operator]
        assert await talk.say("what is it?", "cat.jpg") == CAT
        assert await talk.say("and now?") == CAT
        assert CAT in talk.asked[-1].text
        assert "The user wants" not in talk.asked[-1].text
        assert "think" not in talk.asked[-1].text


async def test_thoughts_are_seen_growing_while_there_is_no_answer(sqlite: Store, photos: PhotoIntake) -> None:
    body = chunk("<think>I look at the fur. ") + chunk("And at the ears.</think>") + chunk(CAT) + chunk(None, "stop")
    async with talking(sqlite, photos, lambda asked: Answer(body)) as talk:
        await talk.say("what is it?", "cat.jpg")
        shown = [text for _, text in talk.platform.calls]
        assert shown[-1] == CAT
    beside = chunk(None, reasoning_content="I look.") + chunk(CAT) + chunk(None, "stop")
    async with talking(sqlite, photos, lambda asked: Answer(beside)) as talk:
        assert await talk.say("what is it?", "cat.jpg") == CAT


async def test_people_may_want_to_read_thoughts(sqlite: Store, photos: PhotoIntake) -> None:
    text = f"<think>Fur *and* ears</think>{CAT}"
    async with talking(sqlite, photos, lambda asked: words(text)) as talk:
        await sqlite.channels.save_channel_settings(said("x").channel, ChannelSettings(thoughts=True))
        assert await talk.say("what is it?", "cat.jpg") == f"> 💭 ||Fur \\*and\\* ears||\n\n{CAT}"
        await talk.say("and now?")
        assert "ears" not in talk.asked[-1].text


async def test_thoughts_without_an_answer_are_said_to_be_that(sqlite: Store, photos: PhotoIntake) -> None:
    async with talking(sqlite, photos, lambda asked: words("<think>Hm")) as talk:
        assert await talk.say("what is it?", "cat.jpg") == f"⚠️ {say('only_thoughts')}"


@pytest.mark.parametrize("record", ["", CAT, f"<think>Hm.</think>{CAT}"])
async def test_the_same_holds_at_1min_ai(record: str) -> None:
    contents = [event("content", content=piece) for piece in ("<thi", "nk>Hm.</think>", "It is", " a cat.")]
    detail = {"resultObject": [record]}
    end = event("result", aiRecord={"status": "SUCCESS", "aiRecordDetail": detail, "metadata": {"credit": 5}})
    text, usage = await read("text/event-stream", *contents, end, event("done", message="done"))
    assert (text, usage.credits) == (CAT, 5)
    text, _ = await read("text/event-stream", event("content", content=""), end.replace(b'""', b'"x"'), event("done"))
    assert text in (CAT, "x")


def filtered(pieces: list[str]) -> tuple[str, list[bytes]]:
    sorter, text, pictures = InlinePictureFilter(), "", []
    for part in [*(each for piece in pieces for each in sorter.feed(piece)), *sorter.end()]:
        if isinstance(part, str):
            text += part
        else:
            pictures.append(part.file.data)
    return text, pictures


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"![image]({URL})", ""),
        (f"Here: ![a cat]({URL}) and more", "Here:  and more"),
        (f"[download]({URL})", ""),
        (URL, ""),
        (f'see "{URL}" there', 'see "" there'),
    ],
)
@given(data=st.data())
def test_a_picture_is_taken_out_wherever_it_is_cut(text: str, left: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    assert filtered(pieces) == (left, [TINY])
    assert filtered(list(text)) == (left, [TINY])


@given(st.lists(st.text(alphabet="![]()dat:image/;,b64 \nx", max_size=12), max_size=12))
def test_other_text_stays_as_it_is(pieces: list[str]) -> None:
    text = "".join(pieces)
    if "base64," not in text:
        assert filtered(pieces) == (text, [])


def test_what_is_no_picture_is_no_base64_either() -> None:
    assert filtered([f"![x](data:image/png;base64,{'QUJD' * 50}) end"]) == (" end", [])


async def test_a_large_one_between_words_is_delivered(sqlite: Store, photos: PhotoIntake) -> None:
    data = (PHOTOS / "coffee.png").read_bytes()
    link = f"![image](data:image/png;base64,{base64.b64encode(data * 3).decode()})"
    for how in (words, whole):
        async with talking(sqlite, photos, lambda asked, how=how: how(f"Here it is. {link}")) as talk:  # type: ignore[misc]
            assert "Here it is." in await talk.say("draw a cup")
            assert "base64" not in "".join(text for _, text in talk.platform.calls)
            assert [len(file.data) for files in talk.platform.sent_files.values() for file in files] == [len(data) * 3]
