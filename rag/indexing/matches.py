"""Which words of a passage a question matched: what "about this answer" shows."""

from __future__ import annotations

from collections.abc import Sequence

from rag.core.types import Language
from rag.indexing.analysis import root, stem
from rag.indexing.expand import Group

PHRASE_GAP = 2  # words that may stand between those of a phrase: "ministro degli esteri"

Found = dict[str, list[int]]  # a stem or root -> where it stands among the words


def matched_terms(
    groups: Sequence[Group], words: Sequence[str], language: Language
) -> tuple[tuple[str, str], ...]:
    """(question term, the folded words of the passage that it matched best), in question order.

    `words` are the folded words of a passage in `language`. Terms without a match are left out; a
    related word counts as one only where nothing better does.
    """
    stems: Found = {}
    roots: Found = {}
    for place, word in enumerate(words):
        stemmed = stem(word, language)
        stems.setdefault(stemmed, []).append(place)
        roots.setdefault(root(stemmed), []).append(place)
    matched = []
    for group in groups:
        if group.language == language:
            matched += _of_group(group, words, stems, roots)
    return tuple(dict.fromkeys(matched))


def _of_group(
    group: Group, words: Sequence[str], stems: Found, roots: Found
) -> list[tuple[str, str]]:
    ranked = sorted(group.alternatives, key=lambda alternative: -alternative.weight)
    for alternative in ranked:
        place = _phrase(alternative.stems, stems)
        if place is not None:
            return [(group.term, " ".join(words[place[0] : place[1] + 1]))]
    if group.parts:
        return [pair for part in group.parts for pair in _of_group(part, words, stems, roots)]
    for alternative in ranked:
        related = roots.get(root(alternative.stems[0]))
        if related and len(alternative.stems) == 1 and alternative.kind != "synonym":
            return [(group.term, words[related[0]])]
    return []


def _phrase(stems: Sequence[str], found: Found) -> tuple[int, int] | None:
    """First and last place of stems that follow each other with few words between."""
    if not all(stem in found for stem in stems):
        return None
    for first in found[stems[0]]:
        last, spare = first, PHRASE_GAP
        for following in stems[1:]:
            places = (p for p in found[following] if last < p <= last + 1 + spare)
            following_place = next(places, None)
            if following_place is None:
                break
            spare -= following_place - last - 1
            last = following_place
        else:
            return first, last
    return None
