"""The letters of languages, by which a text shows that it was decoded in the right encoding."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The non-ASCII letters of a language, in both cases. `frequent` ones make up most of any text."""

    frequent: frozenset[str]
    others: frozenset[str]
    block: range = range(0)  # code points of further letters
    is_latin: bool = False  # ASCII letters stand between these in the same word

    @property
    def is_ideographic(self) -> bool:
        """True for languages written without spaces and cases, among which ASCII words may stand."""
        return self.block.start >= 0x3000

    def weigh(self, sign: str) -> float:
        """Return how much a sign speaks for this language: from 0, not at all, to 1."""
        if sign in self.frequent:
            return 1.0
        if sign in self.others:
            return 0.6
        return 0.5 if ord(sign) in self.block else 0.0


def _alphabet(frequent: str, others: str = "", block: range = range(0)) -> Alphabet:
    is_latin = all(ord(letter) < 0x250 for letter in frequent)
    return Alphabet(frozenset(frequent + frequent.upper()), frozenset(others + others.upper()), block, is_latin)


_HAN, _HANGUL = range(0x4E00, 0xA000), range(0xAC00, 0xD7A4)

ALPHABETS: Mapping[str, Alphabet] = {
    "ar": _alphabet("اليمونرتبةعدس", "فهكقحجشطصخضذزثغظؤئءأإآىّ", range(0x600, 0x6E0)),
    "be": _alphabet("аніоерстлкдў", "умпвязыьгбчйхжшюцэфё"),
    "bg": _alphabet("аоеинтрсвлкдп", "мзуъгбчщйцжшяхюьф"),
    "ca": _alphabet("àçèéíïòóúü·"),
    "cs": _alphabet("áéíčěřšžýůú", "ďňóť"),
    "da": _alphabet("æøå", "é"),
    "de": _alphabet("äöüß"),
    "el": _alphabet("αοιετσνηυρπκμλςω", "άέίόύήώδγχθφβξζψ"),
    "es": _alphabet("áéíóúñü¿¡ºª"),
    "et": _alphabet("äõöü", "šž"),
    "fa": _alphabet("ایندرمهوتبسش", "زکگپچعقفحجلخصطضذغژثظءآئ", range(0x600, 0x6E0)),
    "fi": _alphabet("äö", "å"),
    "fr": _alphabet("éèêàçùâîôœëïû", "æÿ"),
    "he": _alphabet("יוהלאבתמרשנדכםפקע", "חסזגטןךצףץ", range(0x5B0, 0x5F3)),
    "hr": _alphabet("čćđšž"),
    "hu": _alphabet("áéöóőíüúű"),
    "is": _alphabet("áéíóúæö", "ýþð"),
    "it": _alphabet("àèéìòù", "î"),
    "ja": _alphabet(
        "のにはをたがでてとしれさるいなもこからあすまりくんそうだよっきちえけせわめみおつやどばねげじ"
        "ンスルイトリックラードアレフタシクコプマジロテサデメバセグオナキィビミー、。日本人一大年中",
        "ぁぃぅぇぉゃゅょぎぐござずぜぞぢづぬひびぴふぶぷへべぺほぼぽむゆろ"
        "ヵヶァゥェォャュョガギゲゴザズゼゾソダチヂッツヅニヌネノハパヒピブヘベペホボポムモヤユヨワヲヴ",
        _HAN,
    ),
    "kk": _alphabet("аеынтрлқсдо", "ғібкмпуңүұәөжзйшяхһвгичцэюьъё"),
    "ko": _alphabet(
        "이다는에의가을고하은한를지도로사기어리자대시서인나그들해있아게부니과정라수보일전만제스여것거주장상오",
        "원요세까습와동구생신면안성국마위공유없무우말조비학문물미방간소경계모내선분때되년월회관연두러려치강적진당야입중",
        _HANGUL,
    ),
    "lt": _alphabet("ąčęėįšųūž"),
    "lv": _alphabet("āčēģīķļņšūž", "õ"),
    "nl": _alphabet("ëéïè", "öü"),
    "pl": _alphabet("ąćęłńóśźż"),
    "pt": _alphabet("ãõáéíóúâêôàç", "ü"),
    "ro": _alphabet("ăâîşţșț"),
    "ru": _alphabet("оеаинтсрвлкмд", "пуяыьгзбчйхжшюцщэфъё"),
    "sk": _alphabet("áčéíľšťúýž", "äďĺňóôŕ"),
    "sr": _alphabet("аоиенртсјкуд", "вмпзлгбчшцхжфљњћђџ"),
    "sv": _alphabet("åäö", "é"),
    "th": _alphabet("านรกอเงมยลวดท", "สตะปบคหแจพชขใไโซถธศภษณญฉฐฎฏฒฤฆฬฝฟผฮ่้๊๋์ัิีึืุู็ำฯๆ", range(0xE00, 0xE60)),
    "tr": _alphabet("çğıöşüİ", "âîû"),
    "uk": _alphabet("оанивіертсклу", "дмпяьзгбчхйжшцюєїщфґё"),
    "vi": _alphabet("àáâãèéêìíòóôõùúýăđĩũơư"),
    "zh": _alphabet(
        "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发"
        "天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从月号数元单总计谢您今新请",
        "",
        _HAN,
    ),
    "zh-Hant": _alphabet(
        "的一是不了人我在有他這為之大來以個中上們到說國和地也子時道出而要於就下得可你年生自會那後能對著事其裡所去行過家十用發"
        "天如然作方成者多日都三小軍二無同麼經法當起與好看學進種將還分此心前面又定見只主沒公從月號數元單總計謝您今新請",
        "",
        _HAN,
    ),
}
"""Alphabets by the code of the language."""

LANGUAGES_BY_ENCODING: Mapping[str, tuple[str, ...]] = {
    "cp1252": ("de", "fr", "es", "pt", "it", "sv", "da", "nl", "fi", "is", "ca"),
    "cp1251": ("ru", "uk", "bg", "sr", "be"),
    "mac_cyrillic": ("ru", "bg", "uk"),  # small letters are as in the one before, and large ones elsewhere
    "cp1250": ("pl", "cs", "sk", "hu", "ro", "hr"),
    "gb18030": ("zh", "zh-Hant"),
    "cp932": ("ja",),
    "cp949": ("ko",),
    "big5hkscs": ("zh-Hant",),
    "cp1253": ("el",),
    "cp1254": ("tr",),
    "cp1255": ("he",),
    "cp1256": ("ar", "fa"),
    "cp874": ("th",),
    "cp1257": ("lt", "lv", "et"),
    "iso8859_2": ("pl", "cs", "sk", "hu", "ro", "hr"),
    "koi8_r": ("ru", "bg"),
    "cp866": ("ru", "uk"),
    "cp1125": ("uk",),
    "euc_jis_2004": ("ja",),
    "iso8859_7": ("el",),
    "iso8859_15": ("de", "fr", "es", "pt"),
    "iso8859_5": ("ru", "bg"),
    "cp850": ("de", "fr", "es", "pt", "sv"),
    "mac_roman": ("de", "fr", "es", "pt"),
    "koi8_u": ("uk",),
    "cp852": ("pl", "cs", "sk", "hu", "hr"),
    "cp855": ("ru", "bg"),
    "cp437": ("de", "fr", "es"),
    "johab": ("ko",),
    "iso8859_6": ("ar",),
    "iso8859_4": ("lt", "lv", "et"),
    "iso8859_13": ("lt", "lv"),
    "mac_latin2": ("pl", "cs", "hu"),
    "cp737": ("el",),
    "cp862": ("he",),
    "kz1048": ("kk",),
    "cp1258": ("vi",),
}
"""Encodings by the name of Python's codec, the likeliest first, with the languages that are written in each."""
