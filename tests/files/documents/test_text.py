"""Text is text in whatever way it was written down, and becomes UTF-8; a guess is said to be one."""

import asyncio
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from bot.errors import Unreadable
from bot.files.decoders.encodings import Encoding, detect
from bot.files.decoders.letters import LANGUAGES_BY_ENCODING
from bot.files.decoders.plain_text import clean
from bot.files.documents import DocumentIntake
from bot.files.documents.encoding_names import ENCODING_NAMES
from bot.files.file_cache import FileCache
from bot.words import speaking, wished

RUSSIAN = "Привет, это счёт за июнь. Итого: 4711 рублей. Кот сидит на окне и смотрит на улицу.\n"
CZECH = "Dobrý den, posíláme účet za červen. Celkem 4711 korun. Žlutá kočka sedí na okně a dívá se na ulici. Šťastný.\n"
TEXTS = {
    "russian": (RUSSIAN, ["cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"]),
    "ukrainian": ("Привіт! Це рахунок за червень. Дякуємо, що ви з нами. Їжак іде лісом.\n",
                  ["cp1251", "koi8_u", "cp1125"]),
    "chinese": ("您好，这是六月份的账单，合计四千七百一十一元。谢谢您的支持！\n", ["gb18030", "gb2312", "hz"]),
    "taiwanese": ("您好，這是六月份的帳單，總計四千七百一十一元。謝謝您的支持！\n", ["big5"]),
    "japanese": ("これは六月の請求書です。合計は四七一一円です。猫が窓から見ています。\n",
                 ["cp932", "euc_jp", "iso2022_jp"]),
    "korean": ("안녕하세요. 유월 청구서를 보내 드립니다. 고양이가 창밖을 보고 있습니다.\n", ["euc_kr", "cp949"]),
    "greek": ("Καλημέρα! Σας στέλνουμε τον λογαριασμό του Μαΐου. Σύνολο: 42 ευρώ.\n", ["cp1253", "iso8859_7"]),
    "hebrew": ("שלום! אנו שולחים לכם את החשבון לחודש יוני. סך הכול: 4711 שקלים.\n", ["cp1255", "iso8859_8", "cp862"]),
    "arabic": ("مرحبا! نرسل إليكم فاتورة شهر يونيو. المجموع: 4711 دينارا.\n", ["cp1256", "iso8859_6"]),
    "thai": ("สวัสดีครับ เราส่งใบแจ้งหนี้ประจำเดือนมาให้คุณ ยอดรวม 4711 บาท\n", ["cp874"]),
    "polish": ("Dzień dobry! Przesyłamy rachunek. Łącznie: 42 złote. Żółty kot siedzi na oknie. Śnieg, źródło.\n",
               ["cp1250", "iso8859_2"]),
    "czech": (CZECH, ["cp1250", "iso8859_2"]),
    "hungarian": ("Jó napot! Küldjük a számlát. Őszi tűz, különös gyűjtemény, az utcát nézi.\n",
                  ["cp1250", "iso8859_2"]),
    "turkish": ("İyi günler! Mayıs ayı faturanızı gönderiyoruz. Kedi sokağa bakıyor. Şeker, çiçek.\n", ["cp1254"]),
    "german": ("Guten Tag! Wir schicken die Rechnung. Größe, Übung, Äpfel, schön – „gut“.\n", ["cp1252"]),
    "french": ("Bonjour ! Voici la facture. L’été dernier, le garçon était très content de son cœur.\n", ["cp1252"]),
    "latvian": ("Labdien! Nosūtām jums rēķinu. Kaķis sēž uz palodzes un skatās uz ielu. Šķūnis, ģimene.\n", ["cp1257"]),
}  # fmt: skip
WRITTEN = [(text, encoding) for text, encodings in TEXTS.values() for encoding in encodings]
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.fixture
def documents(tmp_path: Path) -> DocumentIntake:
    return DocumentIntake(FileCache(tmp_path / "photos", 500_000_000))


async def read(documents: DocumentIntake, data: bytes) -> str:
    return (await documents.words(await documents.take("a.txt", data))).pages[0]


def decoded(data: bytes) -> str:
    encoding = detect(data)
    assert encoding is not None
    return data.decode(encoding.codec, "replace").removeprefix("\ufeff")


@pytest.mark.parametrize(("text", "encoding"), WRITTEN)
def test_words_arrive_in_their_own_letters(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding) * 3) == text * 3


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("text", ["naïve Größe,\tzwei\r\nZeilen", "猫と写真。\n", "नमस्ते दुनिया", RUSSIAN, "👩‍🚀 ab"])
def test_unicode_is_known_with_and_without_a_mark(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding) * 2).replace("\ufeff", "") == text * 2


def test_a_table_of_single_words_is_read_too() -> None:
    rows = "".join(f"{n};{word};{n * 3}\n" for n, word in enumerate(RUSSIAN.split()))
    assert decoded(rows.encode("cp1251")) == rows


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет, мир!", "koi8_r"), ("你好，世界", "gb2312"), ("こんにちは世界", "cp932"), ("안녕하세요", "euc_kr"),
        ("Łódź, żółw, gęś", "iso8859_2"), ("naïve café", "cp1252"), ("שלום עולם", "cp1255"),
        ("price: 5 € – “ok”", "cp1252"),
        ("Значит, Яна", "mac_cyrillic"), ("Їжак іде лісом", "koi8_u"), ("Değerli arkadaşlarım", "cp1254"),
        ("สวัสดีชาวโลก", "cp874"), ("Größe: 5 m², Übergröße", "cp437"), ("Καλημέρα κόσμε", "iso8859_7"),
    ],
)  # fmt: skip
def test_a_few_words_are_enough(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


def test_letters_that_come_late_in_a_long_text_count() -> None:
    text = "plain words\n" * 50_000 + RUSSIAN * 3
    assert decoded(text.encode("koi8_r")) == text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp932", "gb18030"])
def test_a_few_damaged_bytes_change_nothing(encoding: str) -> None:
    text = TEXTS["japanese"][0] if encoding == "cp932" else TEXTS["chinese"][0] if encoding == "gb18030" else RUSSIAN
    data = (text * 20).encode(encoding)
    assert decoded(data[:200] + b"\xff" + data[200:]).count(text) >= 18


def test_what_the_file_says_of_itself_counts() -> None:
    page = '<?xml version="1.0" encoding="windows-1250"?><a>Žena</a>'
    assert decoded(page.encode("cp1250")) == page
    found = detect(page.encode("cp1250"))
    assert found and found.is_certain


def test_the_language_of_who_asks_breaks_ties() -> None:
    short = "Ærø".encode("cp1252")
    assert detect("мир".encode("cp1251"), "ru") is not None
    encoding = detect("мир".encode("cp1251"), "ru")
    assert encoding and "мир".encode("cp1251").decode(encoding.codec) == "мир"
    german = detect(short, "de")
    assert german and short.decode(german.codec) == "Ærø"


@pytest.mark.parametrize(
    ("text", "encoding", "language"),
    [
        ("Vážení kolegové", "iso8859_2", "cs"),
        ("Szanowni Państwo", "cp852", "pl-PL"),
        ("çağrı, iş", "iso8859_9", "tr_TR"),
    ],
)
def test_that_language_may_be_one_that_the_bot_does_not_speak(text: str, encoding: str, language: str) -> None:
    found = detect(text.encode(encoding), language)
    assert found and text.encode(encoding).decode(found.codec) == text
    with speaking(language):
        assert wished() == language


@pytest.mark.parametrize("encoding", ["cp437", "cp850", "cp866"])
def test_tables_of_dos_are_drawn_around_words(encoding: str) -> None:
    word = "Привет" if encoding == "cp866" else "Größe"
    table = f"║ {word} │ 5 ║\n╠════════╪═══╣\n" * 3
    if encoding == "cp850":
        table = table.replace("│", "║").replace("╪", "╬")
    assert decoded(table.encode(encoding)) == table


def test_zeros_that_a_power_cut_left_are_no_utf_16() -> None:
    log = (RUSSIAN * 5).encode()
    for data in (log + bytes(10), log[:300] + bytes(12) + log[300:], b"plain words\n" * 20 + bytes(8)):
        assert detect(data) == Encoding("utf-8")


def test_directives_of_lisp_are_no_chinese() -> None:
    assert decoded(b'(format t "~{~a~^, ~}" numbers)\n' * 3) == '(format t "~{~a~^, ~}" numbers)\n' * 3


@pytest.mark.parametrize("data", [b"a\0b", bytes(range(256)), b"\1\2\3\4\5\6 text" * 10, b"\x7fELF\2\1\1" + bytes(9)])
def test_what_is_full_of_control_characters_is_no_text(data: bytes) -> None:
    assert detect(data) is None


async def test_a_log_in_colours_is_text(documents: DocumentIntake) -> None:
    log = b"\x1b[32mOK\x1b[0m build passed\a\n\x1b]0;title\x07\x1b[1;31mdisk full\x1b[0m\n" * 3
    assert await read(documents, log) == "OK build passed\ndisk full\n" * 3


async def test_a_text_from_dos_is_text(documents: DocumentIntake) -> None:
    assert await read(documents, "Größe\r\n".encode("cp437") * 5 + b"\x1a") == "Größe\r\n" * 5


def test_bold_letters_of_old_printers_are_letters() -> None:
    assert clean("N\bNA\bAM\bME\bE") == "NAME"


async def test_a_guess_is_named_and_what_is_sure_is_not(documents: DocumentIntake) -> None:
    guessed = await documents.take("a.txt", "Größe: 3\n".encode("latin-1"))
    assert documents.assumed_encoding(guessed) == "Windows-1252"
    for data in ("Größe: 3\n".encode(), "Größe: 3\n".encode("utf-16"), (RUSSIAN * 9).encode("cp1251")):
        assert documents.assumed_encoding(await documents.take("a.txt", data)) == ""


async def test_who_asks_is_heard_where_it_is_kept(documents: DocumentIntake) -> None:
    with speaking("ru"):
        assert await read(documents, "мир\n".encode("cp1251")) == "мир\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
async def test_a_large_text_takes_little_memory_of_the_bot_and_holds_up_nobody(
    documents: DocumentIntake, encoding: str
) -> None:
    data = RUSSIAN.encode(encoding) * (40_000_000 // len(RUSSIAN.encode(encoding)))
    process, peak, longest = psutil.Process(), 0, 0.0
    before = process.memory_info().rss

    async def watch() -> None:
        nonlocal peak, longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.005)
            peak, longest = max(peak, process.memory_info().rss), max(longest, time.thread_time() - began)

    watching = asyncio.create_task(watch())
    assert (await read(documents, data)).startswith(RUSSIAN)
    watching.cancel()
    assert peak - before < 150 * 1024 * 1024
    assert longest < 0.5


async def test_a_program_is_no_text(documents: DocumentIntake) -> None:
    with pytest.raises(Unreadable):
        await documents.take("a.txt", bytes(range(256)) * 9)


def test_every_encoding_has_a_name() -> None:
    assert set(LANGUAGES_BY_ENCODING) <= set(ENCODING_NAMES)
