"""Sentence boundaries in Italian and English running text, by rules, in linear time.

A boundary is a stop (with the closing quotes and footnote marks after it) before something that
can begin a sentence, unless the stop belongs to an abbreviation, an initial or a number; or a line
break that is not a mere wrap. Paragraphs broken in mid-sentence, as happens around pictures on web
pages, are read on.
"""

from __future__ import annotations

import itertools
import re

from rag.core.types import Language
from rag.ingest.function_words import words

Span = tuple[int, int]

# A stop starts at its first mark (the lookbehind keeps long runs of dots linear), then may hold
# closing quotes, footnote marks such as "[12]" or superscripts, and again a stop: `grande».[3]`.
_STOP = re.compile(
    r"(?<![.!?…。！？])(?P<stop>[.!?…。！？]++)(?P<close>[\"'”’»›)\]」』*_]*+)"
    r"(?P<mark>(?:[ \t]?\[\^?\w{1,5}\])*+[⁰¹²³⁴-⁹]*+"
    r"(?:(?:(?<=[^\W\d_][.!?])|(?<=[.!?][”»]))\d{1,2})?+)"
    r"(?P<late>[.,;:]?)(?P<space>\s*)",
)
_WIDE = frozenset("。！？")
_OPENERS = "\"'“‘«‹([¿¡*_—–-•"
_NEXT = re.compile(r"[\"'“‘«‹(\[¿¡*_—–•-]{0,3}\s?(\w[\w'’]{0,20})")
_BREAK = re.compile(r"(?<![ \t])[ \t]*+\n\s*")
_BULLET = re.compile(r"(?:[-*•–—>|]\s|\d{1,3}[.)]\s|\[\^?\w{1,5}\]|#{1,6}\s|[a-z]\)\s)")
_TOKEN_CHARS = 16
# What may stand before the number of a section: "## 1.", "Art. 3.", "Capitolo 2."
_LABEL = re.compile(r"[#*\s]*(?:(?:art|cap|sez|sec|ch|[a-z]{7,9})\.?\s)?", re.I)

# Never the end of a sentence: a name, a number or an explanation must follow. Some are ordinary
# words of the other language ("on", "all", "ten"), hence one list for each.
_TITLES = (
    "e.g i.e p.es dr prof gen sen rep rev col capt st mons mt ft cf cfr vs viz ca eg ie tel v s ss "
    "fr"
)
_BEFORE_NAME: dict[Language, frozenset[str]] = {
    "it": words(
        f"{_TITLES} dott dottssa drssa profssa sig sigra sigrina sigg avv ing arch geom rag on dep "
        "cap magg ten card vd vds es circa all resp dott.ssa prof.ssa sig.ra sig.na dr.ssa avv.ssa "
        "sigg.ri on.le ill.mo spett egr gent ecc.mo"
    ),
    "en": words(f"{_TITLES} mr mrs ms messrs hon lt sgt cmdr maj adm gov pres approx"),
}
# Not the end where a number (or a Roman one) follows.
_NUMBERED = (
    "n nn nr num p pp pag fig figg tab vol cap c par sec sez ed reg min max gen feb mar apr jan "
    "jun jul aug sep sept oct nov dec dic"
)
_BEFORE_NUMBER: dict[Language, frozenset[str]] = {
    "it": words(
        f"{_NUMBERED} art artt pagg capp voll co lett let rn prot dir l d.l d.lgs dlgs dpr d.p.r "
        "febb mag giu lug ago set sett ott cod sent cass ord del comma"
    ),
    "en": words(f"{_NUMBERED} no nos art arts sect ch chap eq approx"),
}
# Often the last word of a sentence: only a word that begins sentences ends it there.
_MAYBE_LAST = words(
    "ecc etc inc ltd corp co bros jr sr spa srl snc sas a.c d.c a.m p.m b.c a.d ph.d op.cit cit "
    "ibid al dept univ"
)
# Words that, capitalised, nearly always begin a sentence.
_STARTERS = words(
    "il lo la i gli le l un uno una nel nella nello nei nelle negli nell al alla allo ai agli alle "
    "dal dalla del della dei delle in per con su tra fra ma e anche inoltre tuttavia infatti "
    "quindi così dopo prima quando se non questo questa questi queste quello quella secondo "
    "durante come chi che è ha hanno sono si ci "
    "the this that these those it its he she they we you in on at by for from with but and or "
    "however after before when while if as there then also since although according his her "
    "their our a an what who where why how no not so yet"
)
_DANGLING = words(
    "e ed o di del dello della dei degli delle a al allo alla ai agli alle da dal dalla dai in nel "
    "nello nella nei nelle con su sul sulla per tra fra il lo la i gli le un uno una che è sono "
    "come se ma non anche più molto suo sua suoi loro questo questa "
    "and or of the a an to in on at by for from with as that is are was were be his her its their "
    "this these not more than but"
)


def sentences(text: str, language: Language) -> list[Span]:
    """Spans of the sentences of `text`, in order, without the blanks around them.

    They do not overlap and hold every non-blank character. Headings and list items count as
    sentences. Footnote marks and closing quotes stay with the sentence before them. `language`
    decides which abbreviations are known; all else serves both languages, as sources mix them.
    """
    cuts = sorted({0, *_stops(text, language), *_breaks(text), len(text)})
    spans: list[Span] = []
    for start, end in itertools.pairwise(cuts):
        piece = text[start:end]
        stripped = piece.strip()
        if not stripped:
            continue
        start += len(piece) - len(piece.lstrip())
        end = start + len(stripped)
        # A stray "." or "”" is no sentence: it ends the one before it.
        if spans and not any(map(str.isalnum, stripped[:20])) and len(stripped) <= 3:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def several(text: str, language: Language) -> list[str]:
    """The texts of the sentences of `text`, when they are two or more; else none."""
    spans = sentences(text, language)
    return [text[start:end] for start, end in spans] if len(spans) > 1 else []


def _stops(text: str, language: Language) -> list[int]:
    return [
        match.end("late")
        for match in _STOP.finditer(text)
        if (match["space"] or match["stop"][-1] in _WIDE) and _ends_sentence(text, match, language)
    ]


def _ends_sentence(text: str, match: re.Match[str], language: Language) -> bool:
    if match["late"] in (",", ";", ":"):
        return False
    if match["stop"][-1] in _WIDE or match.end() == len(text):
        return True
    following = _NEXT.match(text, match.end())
    word = following[1] if following else text[match.end()]
    if word[0].islower():
        return False
    if match["stop"] != "." or match["close"] or match["mark"]:
        return True
    return not _is_abbreviation(text, match.start(), word, language)


def _is_abbreviation(text: str, dot: int, following: str, language: Language) -> bool:
    """Whether the dot at `dot` belongs to the token before it rather than to the sentence."""
    window = text[max(0, dot - _TOKEN_CHARS) : dot]
    token = re.split(r"[\s\"'“”‘’«»(\[/–—]", window)[-1]
    plain = token.lower()
    first = re.split(r"['’]", following.lower())[0]
    if plain in _BEFORE_NAME[language]:
        return True
    if plain in _BEFORE_NUMBER[language] and (following[0].isdigit() or _is_roman(following)):
        return True
    if plain.isdigit():  # "1. Introduction" at the start of a line numbers it
        before = text[max(0, dot - len(token) - _TOKEN_CHARS) : dot - len(token)]
        line = before.rpartition("\n")[2]
        return len(line) < _TOKEN_CHARS and bool(_LABEL.fullmatch(line))
    is_initial = len(token) == 1 and token.isupper()
    is_acronym = "." in token and all(
        len(part) <= 2 and not part.isdigit() for part in token.split(".")
    )
    if is_initial or is_acronym or plain in _MAYBE_LAST:
        return first not in _STARTERS
    return False


def _is_roman(word: str) -> bool:
    return bool(re.fullmatch(r"[IVXLC]+", word))


def _breaks(text: str) -> list[int]:
    """Ends of the lines that also end a sentence."""
    cuts: list[int] = []
    start, before = 0, 0  # `before`: the length of the line above, 0 after a blank one
    for match in _BREAK.finditer(text):
        line = text[start : match.start()]
        blank = match[0].count("\n") > 1
        if not _runs_on(line, text, match.end(), blank, before):
            cuts.append(match.end())
        start, before = match.end(), 0 if blank else len(line)
    return cuts


def _runs_on(line: str, text: str, after: int, blank: bool, before: int) -> bool:
    """Whether the sentence of `line` goes on after the line break that follows it."""
    following = text[after : after + 40]
    if not line.strip() or not following or _BULLET.match(following):
        return False
    last = line[-1]
    if last in '.!?…:;”»"|' or line.lstrip()[:1] in "#|":
        return False
    tail = line[-24:].split()
    dangling = len(line) > 40 and (last in ",-–" or tail[-1].lower().strip("'’(“«") in _DANGLING)
    if blank:
        return dangling or (len(line) > 40 and following[0].islower())
    # A wrapped line is nearly as long as its neighbours and no longer than people wrap at.
    newline = text.find("\n", after, after + 121)
    next_length = (newline if newline >= 0 else len(text)) - after
    wrapped = 50 <= len(line) <= 100 and (
        (before and abs(before - len(line)) <= 16)
        or (50 <= next_length <= 100 and abs(next_length - len(line)) <= 16)
    )
    return dangling or following[0].islower() or bool(wrapped)
