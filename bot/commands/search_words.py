"""Searches in people's own words: the words that matter in them, and the time that they name."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from bot.messages import SearchHit, SearchQuery
from bot.words import ENGLISH, catalogue, spoken
from bot.words.figures import month_names
from bot.words.folding import fold

MOST_WORDS = 12
SHORT, LONG = 4, 7  # letters of a word from which on one, and two, may belong to its form
ENDINGS = "saeiouаеиоуыюяйь"  # letters in which forms of short words end
UNSPACED = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)  # kana and Chinese characters, written without blanks
WORD = re.compile(r"[\w'\u0300-\u036f\u0900-\u0963\u0970-\u097f]+")  # with vowel signs
YEAR = r"(?:19|20)\d\d"
DAY = re.compile(rf"\b({YEAR})-(\d\d?)-(\d\d?)\b|\b(\d\d?)\.(\d\d?)\.({YEAR})\b")

EXACT, BEGINNING = 1.0, 0.7  # a word as it was typed, or another form of it
IN_PERIOD = 1.5  # what was sent when they say it was
WITH_PHOTO = 0.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as it was typed: its words, folded, and the time it names."""

    words: tuple[str, ...]
    since: float | None = None
    until: float | None = None

    @property
    def queries(self) -> tuple[SearchQuery, ...]:
        """The searches to make: at the time it names, and at any time, by the beginnings of the words."""
        stems = tuple(dict.fromkeys(map(_stem, self.words)))
        at_any_time = (SearchQuery(stems),) if stems else ()
        return at_any_time if self.since is None else (SearchQuery(stems, self.since, self.until), *at_any_time)

    def ranked(self, hits: Sequence[SearchHit]) -> list[SearchHit]:
        """Return the hits, the best first: rare words count more than those that nearly all of them hold."""
        rarity = {word: 1 / (1 + sum(_stem(word) in hit.text for hit in hits) / 4) for word in self.words}
        return sorted(hits, key=lambda hit: (self._score(hit, rarity), hit.sent), reverse=True)

    def _score(self, hit: SearchHit, rarity: Mapping[str, float]) -> float:
        words = sum((1 + rarity[word]) * _fit(word, hit.text) for word in self.words)
        is_in_period = self.since is not None and self.until is not None and self.since <= hit.sent < self.until
        return words + IN_PERIOD * is_in_period + WITH_PHOTO * bool(hit.number)


def read_search(text: str, now: float) -> Wanted:
    """Read what somebody is looking for, in the language of the task or in English. `now` is in seconds since 1970."""
    folded = fold(text)
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for expression, since, until in _periods(today):
        if match := expression.search(folded):
            return _at(folded, match, since, until)
    if found := _day(folded):
        match, day = found
        return _at(folded, match, day, day + timedelta(days=1))
    if found_month := _month(folded, today):
        return found_month
    return Wanted(_words(folded))


def _at(folded: str, named: re.Match[str], since: datetime, until: datetime) -> Wanted:
    """Return a search without the words that name its time."""
    rest = f"{folded[: named.start()]} {folded[named.end() :]}"
    return Wanted(_words(rest, has_period=True), since.timestamp(), until.timestamp())


def quote(text: str, words: Sequence[str], most: int) -> str:
    """Return the line of the text that tells best why it was found, around the first word, `most` characters long."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    best = max(lines, key=lambda line: sum(_fit(word, fold(line)) for word in words), default="")
    at = min((place for word in words if (place := best.casefold().find(_stem(word))) >= 0), default=0)
    begin = max(0, min(at - most // 3, len(best) - most))
    return f"{'…' if begin else ''}{best[begin : begin + most].strip()}{'…' if begin + most < len(best) else ''}"


def _words(folded: str, *, has_period: bool = False) -> tuple[str, ...]:
    """Return the words that matter; all of them if none would be left and no time is named."""
    ignored = _ignored(ENGLISH) | _ignored(spoken())
    words = list(_split(folded))
    matter = [word for word in words if word not in ignored and not _is_pair_with(word, ignored)]
    return tuple(dict.fromkeys(matter if matter or has_period else words))[:MOST_WORDS]


def _is_pair_with(word: str, ignored: Collection[str]) -> bool:
    """Tell whether a pair of characters holds a particle, so that it is of two words."""
    return len(word) > 1 and bool(UNSPACED.fullmatch(word)) and any(part in ignored for part in word)


def _split(folded: str) -> Iterator[str]:
    """Split into words; of what is written without blanks, into pairs of characters."""
    for word in WORD.findall(folded):
        at = 0
        for match in UNSPACED.finditer(word):
            if word[at : match.start()]:
                yield word[at : match.start()]
            run = match[0]
            yield from (run[n : n + 2] for n in range(max(1, len(run) - 1)))
            at = match.end()
        if rest := word[at:].strip("'"):
            yield rest


def _stem(word: str) -> str:
    """Return the beginning that the forms of a word have in common, roughly."""
    if len(word) == SHORT:
        return word[:-1] if word[-1] in ENDINGS else word
    return word[: max(SHORT, len(word) - (2 if len(word) >= LONG else 1))] if len(word) > SHORT else word


def _fit(word: str, folded: str) -> float:
    """Tell how well a text holds a word, 0 to 1."""
    if re.search(rf"\b{re.escape(word)}\b", folded) or (UNSPACED.match(word) and word in folded):
        return EXACT
    return BEGINNING if _stem(word) in folded else 0.0


@cache
def _ignored(language: str) -> frozenset[str]:
    return frozenset(fold(catalogue(language)["find_ignored"]).split())


def _periods(today: datetime) -> Iterator[tuple[re.Pattern[str], datetime, datetime]]:
    """Return expressions for times relative to a day, with the first moment of each and the first one after it."""
    day, week = timedelta(days=1), timedelta(days=7)
    monday = today - today.weekday() * day
    month = today.replace(day=1)
    last_month = (month - day).replace(day=1)
    year = month.replace(month=1)
    spans = {
        "today": (today, today + day),
        "yesterday": (today - day, today),
        "this_week": (monday, monday + week),
        "last_week": (monday - week, monday),
        "this_month": (month, _next_month(month)),
        "last_month": (last_month, month),
        "this_year": (year, year.replace(year=year.year + 1)),
        "last_year": (year.replace(year=year.year - 1), year),
    }
    for language in dict.fromkeys((spoken(), ENGLISH)):
        for name, (since, until) in spans.items():
            yield _expression(language, f"period_{name}"), since, until


@cache
def _expression(language: str, key: str) -> re.Pattern[str]:
    said = "|".join(re.escape(fold(each)) for each in catalogue(language)[key].split("|"))
    return re.compile(rf"(?<!\w)(?:{said})(?!\w)" if not UNSPACED.search(said) else said)


def _day(folded: str) -> tuple[re.Match[str], datetime] | None:
    match = DAY.search(folded)
    if match is None:
        return None
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        return match, datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None


def _month(folded: str, today: datetime) -> Wanted | None:
    """Read a month, with or without its year; without, the last one that has begun. Its name may also be a word."""
    for language in dict.fromkeys((spoken(), ENGLISH)):
        for name, month in _months(language).items():
            match = re.search(rf"(?<!\w){re.escape(name)}\.?(?:\s+(?:de\s+)?({YEAR}))?(?!\w)", folded)
            match = match or (re.search(re.escape(name), folded) if UNSPACED.search(name) else None)
            if match is None:
                continue
            said_year = match[1] if match.re.groups else None
            year = int(said_year) if said_year else today.year - (month > today.month)
            since = datetime(year, month, 1, tzinfo=UTC)
            return _at(folded, match, since, _next_month(since))
    return None


@cache
def _months(language: str) -> Mapping[str, int]:
    """Return the months by name, folded, the longest name first."""
    names = {fold(name).rstrip("."): month for month, name in month_names(language) if len(fold(name).rstrip(".")) > 1}
    return dict(sorted(names.items(), key=lambda item: -len(item[0])))


def _next_month(first: datetime) -> datetime:
    return (first + timedelta(days=31)).replace(day=1)
