"""Numbers, months and names in Italian and English text, in a form that can be compared.

Pure functions. A number is compared by value, scale word included, so that "17 miliardi" equals
"17 billion" and "17,000,000,000" but not "17". A name is compared by how it sounds, so that
"Toqaev" equals "Tokayev" and "Kazakistan" equals "Kazakhstan", while "Iran" differs from "Iraq".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rag.answer.places import COUNTRY_OF

_SCALES = {
    "mila": 1e3, "thousand": 1e3, "migliaia": 1e3, "k": 1e3, "hundred": 1e2,
    "milione": 1e6, "milioni": 1e6, "million": 1e6, "millions": 1e6, "mln": 1e6, "mio": 1e6,
    "miliardo": 1e9, "miliardi": 1e9, "billion": 1e9, "billions": 1e9, "mld": 1e9, "bn": 1e9,
    "bilione": 1e12, "bilioni": 1e12, "trillion": 1e12, "trillions": 1e12,
}  # fmt: skip

_COUNTS: dict[str, int] = {}
for _value, _words in {
    1: "uno one", 2: "due two entrambi entrambe both", 3: "tre three", 4: "quattro four",
    5: "cinque five", 6: "sei six", 7: "sette seven", 8: "otto eight", 9: "nove nine",
    10: "dieci ten", 11: "undici eleven", 12: "dodici twelve dozen dozzina", 13: "tredici thirteen",
    14: "quattordici fourteen", 15: "quindici fifteen", 16: "sedici sixteen",
    17: "diciassette seventeen", 18: "diciotto eighteen", 19: "diciannove nineteen",
    20: "venti twenty", 30: "trenta thirty", 40: "quaranta forty", 50: "cinquanta fifty",
    60: "sessanta sixty", 70: "settanta seventy", 80: "ottanta eighty", 90: "novanta ninety",
    100: "cento hundred", 1000: "mille thousand",
}.items():  # fmt: skip
    for _word in _words.split():
        _COUNTS[_word] = _value

_MONTHS: dict[str, int] = {}
for _index, _words in enumerate(
    (
        "gennaio january gen jan", "febbraio february feb", "marzo march mar",
        "aprile april apr", "maggio may mag", "giugno june giu jun", "luglio july lug jul",
        "agosto august ago aug", "settembre september set sett sep sept",
        "ottobre october ott oct", "novembre november nov", "dicembre december dic dec",
    ),
    start=1,
):  # fmt: skip
    for _word in _words.split():
        _MONTHS[_word] = _index
# Month words that are also other words count only beside a number ("7 mar.", "May 2025").
_DOUBTFUL_MONTHS = frozenset(["may", "march", "mar", "set", "sett", "ago", "gen", "jan", "mag"])

# "sei" is also "you are"; a count of one is usually an article or a pronoun.
_DOUBTFUL_COUNTS = frozenset({"uno", "one", "sei"})

_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*|(?<=[/\-–—:])\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]+")
_NAME = re.compile(r"[^\W\d_][\w]*")
_AFTER_NUMBER = re.compile(r"[\s\u00a0]*([^\W\d_]+)")
_FOOTNOTE = re.compile(r"\[\d{1,3}\]")
_SENTENCE_OPENING = re.compile(r"(?:[.!?…:;]|\n)[\s\"“”«»'’‘(\[–—\-]*$")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written and the values it may stand for ("1.234" has two readings).

    `written` says whether it stands in digits; `year` whether it can be a year.
    """

    text: str
    start: int
    end: int
    values: frozenset[float]
    written: bool = True

    @property
    def year(self) -> bool:
        return self.written and len(self.text) == 4 and any(1000 <= v <= 2199 for v in self.values)


@dataclass(frozen=True, slots=True)
class Name:
    """A capitalised word; `initial` when it opens a sentence and so may be no name at all."""

    text: str
    start: int
    end: int
    initial: bool = False

    @property
    def acronym(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower case without accents: "Perù" and "peru" are one."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def blank_footnotes(text: str) -> str:
    """The text with footnote marks such as "[12]" replaced by as many spaces (offsets hold)."""
    return _FOOTNOTE.sub(lambda match: " " * len(match.group()), text)


def numbers(text: str) -> list[Number]:
    """Every number in the text, in digits or in words, with its scale word ("4,5 milioni")."""
    text = blank_footnotes(text)
    found = list(_digits(text))
    taken = {position for number in found for position in range(number.start, number.end)}
    found += [number for number in _in_words(text) if number.start not in taken]
    return sorted(found, key=lambda number: number.start)


def _digits(text: str) -> Iterator[Number]:
    for match in _NUMBER.finditer(text):
        values = _readings(match.group())
        end = match.end()
        after = _AFTER_NUMBER.match(text, end)
        if after and (scale := _SCALES.get(fold(after.group(1)))):
            values = frozenset(value * scale for value in values)
            end = after.end()
        yield Number(text[match.start() : end], match.start(), end, values)


def _in_words(text: str) -> Iterator[Number]:
    words = list(_WORD.finditer(text))
    for index, match in enumerate(words):
        word = fold(match.group())
        after = fold(words[index + 1].group()) if index + 1 < len(words) else ""
        scale = _SCALES.get(after) if after != "k" else None
        count = _COUNTS.get(word)
        if scale and (count or word in ("un", "a", "an")):
            value, end = (count or 1) * scale, words[index + 1].end()
        elif count and word not in _DOUBTFUL_COUNTS and (word != "hundred"):
            value, end = float(count), match.end()
        else:
            continue
        yield Number(text[match.start() : end], match.start(), end, frozenset({value}), False)


@lru_cache(maxsize=4096)
def _readings(digits: str) -> frozenset[float]:
    """The values that a written number may have, under Italian and English separators."""
    marks = [c for c in digits if c in ".,"]
    if not marks:
        return frozenset({float(digits)})
    readings = set()
    for decimal, grouping in ((",", "."), (".", ",")):
        whole, point, fraction = digits.partition(decimal)
        groups = whole.split(grouping)
        grouped = len(groups) == 1 or (
            1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
        )
        if grouped and not set(fraction) & set(".,"):
            readings.add(float("".join(groups) + ("." + fraction if point else "")))
    return frozenset(readings or {float(part) for part in re.split("[.,]", digits)})


def months(text: str) -> set[int]:
    """The months (1 to 12) named in the text."""
    found = set()
    for match in _WORD.finditer(text):
        word = fold(match.group())
        if word in _MONTHS and (word not in _DOUBTFUL_MONTHS or _beside_digits(text, match)):
            found.add(_MONTHS[word])
    return found


def _beside_digits(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip(" .,")
    return before[-1:].isdigit() or after[:1].isdigit()


def month_number(word: str) -> int | None:
    """1 to 12 for the name of a month or its abbreviation in either language."""
    return _MONTHS.get(fold(word))


def count_word(word: str) -> int | None:
    """The number that a word such as "three" or "tre" stands for."""
    return _COUNTS.get(fold(word))


def names(text: str) -> list[Name]:
    """Capitalised words (two letters or more), months left out; none in all-capitals text."""
    letters = [c for c in text if c.isalpha()]
    if len(letters) > 8 and sum(c.isupper() for c in letters) > 0.6 * len(letters):
        return []
    found = []
    for match in _NAME.finditer(text):
        word = match.group()
        if len(word) < 2 or not word[0].isupper() or fold(word) in _MONTHS:
            continue
        before = text[max(0, match.start() - 8) : match.start()]
        opening = _SENTENCE_OPENING.search(before) or (
            match.start() < 8 and not any(c.isalnum() for c in before)
        )
        initial = bool(opening) and not word.isupper()
        found.append(Name(word, match.start(), match.end(), initial))
    return found


_SOUNDS = (
    ("tsch", "c"), ("tch", "c"), ("sch", "s"), ("kh", "k"), ("gh", "g"), ("zh", "z"), ("sh", "s"),
    ("ch", "k"), ("ph", "f"), ("ck", "k"), ("qu", "k"), ("q", "k"), ("c", "k"), ("x", "ks"),
    ("j", "i"), ("y", "i"), ("w", "v"), ("h", ""),
)  # fmt: skip


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """A spelling that transliterations of one name share: Tokayev -> tokaiev, Toqaev -> tokaev."""
    spelling = fold(word)
    for written, heard in _SOUNDS:
        spelling = spelling.replace(written, heard)
    return re.sub(r"(.)\1+", r"\1", spelling)


_KNOWN_PAIRS = frozenset(
    frozenset(pair.split())
    for pair in (
        "kyiv kiev",
        "onu un",
        "oms who",
        "pil gdp",
        "usa us",
        "onu uno",
        "usa eeuu",
        "uk gb",
    )
)


_PLACE_ENDINGS = (
    "istan", "stan", "istani", "ian", "iano", "iana", "iani", "iane", "ese", "esi",
    "iako", "iaka", "iaki", "iake",
)  # fmt: skip


@lru_cache(maxsize=65536)
def same_name(first: str, second: str) -> bool:
    """Whether two words can be one name: spelling, sound, place and its people, or acronym.

    Short names must agree exactly; longer ones may differ in one letter (two from nine letters).
    """
    one, two = fold(first), fold(second)
    if one == two or frozenset((one, two)) in _KNOWN_PAIRS:
        return True
    if one in COUNTRY_OF and two in COUNTRY_OF:
        return COUNTRY_OF[one] == COUNTRY_OF[two]
    if first.isupper() and second.isupper() and len(one) <= 5:
        # Italian acronyms often are the English ones in another order: UE/EU, FMI/IMF, CSI/CIS.
        return sorted(one) == sorted(two)
    one, two = sound(first), sound(second)
    if one[:1] != two[:1]:
        return False
    short, long = sorted((one, two), key=len)
    if one == two:
        return True
    allowed = 2 if len(short) >= 9 else 1
    if len(long) >= 5 and len(short) >= 4 and distance(one, two, allowed) <= allowed:
        return True
    # Kazakh, kazako and Kazakistan, Canada and canadese: one root, an ending of place or people.
    root = short.rstrip("aeiou")
    return len(root) >= 4 and long.startswith(root) and long[len(root) :] in _PLACE_ENDINGS


def distance(one: str, two: str, limit: int) -> int:
    """Levenshtein distance, or `limit` + 1 as soon as it must exceed `limit`."""
    if abs(len(one) - len(two)) > limit:
        return limit + 1
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, start=1):
        last, row[0] = row[0], i
        for j, b in enumerate(two, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
