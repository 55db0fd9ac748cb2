"""The words of a question tell what it asks for, in every language of the bot."""

import pytest

from bot.commands.question_kinds import kind_of
from bot.words import LANGUAGES, speaking

# By language: what people ask about text, a count, a place, colours, and something else.
ASKED = {
    "en": (
        "What does the sign say?",
        "How many people are there?",
        "Where was this taken?",
        "What color is the car?",
        "Is the dog happy?",
    ),
    "de": (
        "Was steht auf dem Schild?",
        "Wie viele Leute sind das?",
        "Wo ist das?",
        "Welche Farbe hat das Auto?",
        "Ist der Hund glücklich?",
    ),
    "es": (
        "¿Qué dice el letrero?",
        "¿Cuántas personas hay?",
        "¿Dónde es esto?",
        "¿De qué color es el coche?",
        "¿Está contento el perro?",
    ),
    "fr": (
        "Qu'est-ce qui est écrit là ?",
        "Combien de personnes y a-t-il ?",
        "Où est-ce ?",
        "De quelle couleur est la voiture ?",
        "Le chien est-il content ?",
    ),
    "pt-BR": (
        "O que está escrito na placa?",
        "Quantas pessoas há?",
        "Onde fica isso?",
        "Qual é a cor do carro?",
        "O cachorro está feliz?",
    ),
    "ru": (
        "Что написано на табличке?",
        "Сколько здесь людей?",
        "Где это?",
        "Какого цвета машина?",
        "Собака рада?",
    ),
    "uk": (
        "Що написано на табличці?",
        "Скільки тут людей?",
        "Де це?",
        "Якого кольору машина?",
        "Собака радіє?",
    ),
    "zh": (
        "牌子上写着什么？",
        "有多少人？",
        "这是在哪里？",
        "车是什么颜色？",
        "狗开心吗？",
    ),
    "ja": (
        "看板に何と書いてありますか",
        "何人いますか",
        "ここはどこですか",
        "車は何色ですか",
        "犬は嬉しそうですか",
    ),
    "hi": (
        "बोर्ड पर क्या लिखा है?",
        "यहाँ कितने लोग हैं?",
        "यह कौन-सी जगह है?",
        "गाड़ी का रंग क्या है?",
        "क्या कुत्ता खुश है?",
    ),
    "fa": (
        "روی تابلو چه نوشته شده است؟",
        "چند نفر هستند؟",
        "اینجا کجاست؟",
        "رنگ ماشین چیست؟",
        "آیا سگ خوشحال است؟",
    ),
}
KINDS = ("text", "count", "place", "colours", "other")


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_are_told_apart_whichever_language_the_channel_has(language: str) -> None:
    for channel in (language, "en"):
        with speaking(channel):
            assert tuple(map(kind_of, ASKED[language])) == KINDS


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("/read", "text"),
        ("/translate", "text"),
        ("/describe", "other"),
        ("/ask how many cats?", "count"),
        ("", "other"),
        ("How many words are on it?", "count"),
        ("WHERE is the text?", "place"),
        ("Somewhere else, a password and an account", "other"),
        ("who pays?", "other"),
        ("Le color du mur", "colours"),
    ],
)
def test_the_command_counts_first_and_words_only_as_a_whole(words: str, kind: str) -> None:
    assert kind_of(words) == kind
