"""English text with Italian words in it: the teacher still knows what the sentence should mean.

Each English word that has Italian translations is replaced with some probability, so that tens of
thousands of Italian words are met inside sentences whose vectors are known, far beyond those of the
parallel text (Qin et al. 2020, CoSDA-ML, mix languages in the same way).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from random import Random

from training.inflect import fold

WORD = re.compile(r"[A-Za-z]+")
KEPT = 8


class Mixer:
    """Replaces English words by Italian ones, drawn by how likely each translation is."""

    def __init__(self, folder: Path) -> None:
        """Read ``mixing.json`` (English word -> {Italian form: weight}) of the vocabulary."""
        table = json.loads((folder / "mixing.json").read_text("utf-8"))
        self._choices = {word: (list(forms), list(forms.values())) for word, forms in table.items()}

    def __call__(self, text: str, share: float, random: Random) -> str:
        """The text with about ``share`` of its translatable words in Italian."""

        def replace(match: re.Match[str]) -> str:
            choices = self._choices.get(match[0].lower())
            if choices is None or random.random() > share:
                return match[0]
            return random.choices(*choices)[0]

        return WORD.sub(replace, text)


def table(
    heads: dict[str, dict[str, float]], uses: dict[str, float], known: set[str]
) -> dict[str, dict[str, float]]:
    """English word -> its likeliest Italian forms: P(Italian | English) is taken proportional to
    P(English | Italian) times how often the Italian form is used, damped.
    """
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for form, weights in heads.items():
        if form in known:
            for phrase, weight in weights.items():
                if WORD.fullmatch(phrase) and weight > 0.1:
                    found[fold(phrase)][form] = weight * (uses[form] + 0.1) ** 0.75
    return {
        word: dict(sorted(forms.items(), key=lambda item: -item[1])[:KEPT])
        for word, forms in found.items()
    }
