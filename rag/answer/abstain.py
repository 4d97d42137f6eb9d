"""Is the answer in the documents? A logistic regression over signals that one can read and check.

The coefficients stand in `abstain.json`, with the means and scales of the signals, the threshold,
and how well the fit did. `training/abstain` makes that file; this module only applies it:

    confidence = 1 / (1 + exp(-(intercept + sum(weight * (signal - mean) / scale))))
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from rag.answer import wording
from rag.answer.evidence import Evidence
from rag.answer.facts import fold
from rag.answer.terms import QuestionTerm, TextTerms, coverage
from rag.core.errors import ConfigError

_WORD = re.compile(r"[^\W_]+")
READ = 5  # passages that count as "the passages" for coverage


def signals(evidence: Evidence) -> dict[str, float]:
    """The signals, each about 0 to 1, by name; every one is 0 when nothing was found.

    `names` and `numbers` are the shares of the question's names and numbers that the best passage
    holds (1 when it has none); `…_absent` the shares that no passage holds.
    """
    if not evidence.hits:
        return dict.fromkeys(SIGNALS, 0.0)
    asked, weights = evidence.asked, evidence.weights
    read = evidence.texts[:READ]
    covered = [coverage(asked, text, weights) for text in read]
    best = read[max(range(len(read)), key=lambda index: (covered[index], -index))]
    absent = [not any(text.holds(term) for text in evidence.texts) for term in asked]
    sentence = max(evidence.candidates[:READ], key=lambda c: c.coverage, default=None)
    first = evidence.candidates[0] if evidence.candidates else None
    dense = sorted((h.signals.dense or 0.0 for h in evidence.hits), reverse=True)
    lexical = sorted((h.signals.lexical or 0.0 for h in evidence.hits), reverse=True)
    fits = [candidate.fit for candidate in evidence.candidates[:2]]
    pairs = [_pairs(asked, weights, c.terms) for c in evidence.candidates[:READ]]
    fitting = [c.score for c in evidence.candidates if c.fit > 0.5] or [
        c.score - 0.1 for c in evidence.candidates if c.fit == 0.5
    ]
    return {
        "coverage": max(covered),
        "coverage_first": covered[0],
        "sentence_coverage": sentence.coverage if sentence else 0.0,
        "sentence_cosine": max((c.cosine for c in evidence.candidates), default=0.0),
        "sentence_score": first.score if first else 0.0,
        "names": _held(asked, best, "name"),
        "numbers": _held(asked, best, "number"),
        "names_sentence": _held(asked, first.terms, "name") if first else 0.0,
        "names_absent": _share(asked, absent, "name"),
        "numbers_absent": _share(asked, absent, "number"),
        "words_absent": _share(asked, absent, "word"),
        "dense": dense[0],
        "dense_margin": dense[0] - _mean(dense[1:10]),
        "lexical": math.log1p(lexical[0] / max(1, len(asked))),
        "lexical_margin": (lexical[0] - _mean(lexical[1:10])) / lexical[0] if lexical[0] else 0.0,
        "agreement": _agreement(evidence),
        "type_held": float(max(fits, default=0.0) == 1.0),
        "type_missing": float(max(fits, default=0.0) == 0.0),
        "type_best": max((c.fit * c.coverage for c in evidence.candidates[:READ]), default=0.0),
        "counted_missing": float(
            (evidence.wanted.counted or evidence.wanted.unit) is not None
            and max((c.fit for c in evidence.candidates[:READ]), default=0.0) < 1.0
        ),
        "key_sentence": _key_sentence(evidence),
        "words_sentence": max(
            (_held(asked, c.terms, "word") for c in evidence.candidates[:READ]), default=0.0
        ),
        "cross_language": float(evidence.hits[0].chunk.language != evidence.language),
        "pairs": max(pairs, default=0.0),
        "fitting_score": max(fitting, default=0.0),
        "coverage_margin": covered[0] - max((c for c in covered[1:]), default=0.0),
        "score_margin": _lead(evidence),
        "dense_gap": dense[0] - (dense[1] if len(dense) > 1 else 0.0),
        "lexical_gap": (
            (lexical[0] - lexical[1]) / lexical[0] if len(lexical) > 1 and lexical[0] else 0.0
        ),
        "rarest_held": _rarest_held(asked, weights, best),
        "short": 1.0 / max(1, len(asked)),
        "reading": _log_odds(max((c.answers or 0.0 for c in evidence.candidates), default=0.0)),
    }


SIGNALS = (
    "coverage", "coverage_first", "sentence_coverage", "sentence_cosine", "sentence_score", "names",
    "numbers", "names_sentence", "names_absent", "numbers_absent", "words_absent", "dense",
    "dense_margin", "lexical", "lexical_margin", "agreement", "type_held", "type_missing",
    "cross_language", "short", "pairs", "fitting_score", "coverage_margin", "score_margin",
    "dense_gap", "lexical_gap", "rarest_held", "type_best", "counted_missing", "key_sentence",
    "words_sentence", "reading",
)  # fmt: skip


def _log_odds(probability: float) -> float:
    """Log odds brought into [0, 1], from 1 in 3,000 to 3,000 to 1."""
    held = min(max(probability, 1e-9), 1 - 1e-9)
    return min(max(0.5 + math.log(held / (1 - held)) / 16, 0.0), 1.0)


def _held(asked: Sequence[QuestionTerm], text: TextTerms, kind: str) -> float:
    terms = [term for term in asked if term.kind == kind]
    return sum(text.holds(term) for term in terms) / len(terms) if terms else 1.0


def _share(asked: Sequence[QuestionTerm], absent: Sequence[bool], kind: str) -> float:
    of_kind = [gone for term, gone in zip(asked, absent, strict=True) if term.kind == kind]
    return sum(of_kind) / len(of_kind) if of_kind else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _pairs(asked: Sequence[QuestionTerm], weights: Sequence[float], text: TextTerms) -> float:
    """The share of neighbouring terms of the question that stand near each other in the text."""
    pairs = list(pairwise(asked))
    if not pairs:
        return float(all(text.holds(term) for term in asked))
    mixed = [a + b for a, b in pairwise(weights)]
    near = sum(w for (a, b), w in zip(pairs, mixed, strict=True) if text.together(a, b))
    return near / sum(mixed)


def _key_sentence(evidence: Evidence) -> float:
    """The largest share of the question's names and numbers that one sentence (or title) holds."""
    keys = [term for term in evidence.asked if term.kind != "word"]
    if not keys:
        return 1.0
    shares = []
    for candidate in evidence.candidates[:READ]:
        title = TextTerms(candidate.hit.title or "", candidate.hit.chunk.language)
        held = sum(candidate.terms.holds(term) or title.holds(term) for term in keys)
        shares.append(held / len(keys))
    return max(shares, default=0.0)


def _lead(evidence: Evidence) -> float:
    """How far the best sentence is ahead of the best one of another passage."""
    if not evidence.candidates:
        return 0.0
    first = evidence.candidates[0]
    others = (c.score for c in evidence.candidates if c.rank != first.rank)
    return first.score - max(others, default=0.0)


def _rarest_held(asked: Sequence[QuestionTerm], weights: Sequence[float], text: TextTerms) -> float:
    """Whether the text holds the question's rarest term."""
    if not asked:
        return 1.0
    rarest = max(range(len(asked)), key=lambda index: weights[index])
    return float(text.holds(asked[rarest]))


def _agreement(evidence: Evidence) -> float:
    """How near the top the lexical ranking has the passage that is nearest in meaning: 1/rank."""
    hits = evidence.hits
    nearest = max(hits, key=lambda hit: hit.signals.dense or 0.0)
    if nearest.signals.lexical is None:
        return 0.0
    better = sum((hit.signals.lexical or 0.0) > nearest.signals.lexical for hit in hits)
    return 1.0 / (1 + better)


@dataclass(frozen=True, slots=True)
class Judge:
    """The fitted model: weights by signal, on signals standardised by `means` and `scales`."""

    intercept: float
    weights: Mapping[str, float]
    means: Mapping[str, float]
    scales: Mapping[str, float]
    threshold: float

    def confidence(self, found: Mapping[str, float]) -> float:
        """The probability, in [0, 1], that the documents answer the question."""
        total = self.intercept + sum(
            weight * (found[name] - self.means[name]) / self.scales[name]
            for name, weight in self.weights.items()
        )
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, total))))


@lru_cache(maxsize=1)
def fitted() -> Judge:
    """The judge in the package. Raises ConfigError when its file is damaged."""
    try:
        stored = json.loads((files("rag.answer") / "abstain.json").read_text(encoding="utf-8"))
        model = stored["signals"]
        judge = Judge(
            intercept=float(stored["intercept"]),
            weights={name: float(model[name]["weight"]) for name in model},
            means={name: float(model[name]["mean"]) for name in model},
            scales={name: float(model[name]["scale"]) for name in model},
            threshold=float(stored["threshold"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"rag/answer/abstain.json cannot be used: {error!r}.", "Reinstall the package."
        ) from None
    unknown = set(judge.weights) - set(SIGNALS)
    if unknown:
        raise ConfigError(
            f"rag/answer/abstain.json has unknown signals: {', '.join(sorted(unknown))}.",
            "Fit it again: python -m training.abstain.fit",
        )
    return judge


def reason(evidence: Evidence) -> str:
    """The refusal: which of the question's words the documents speak of, and which they do not."""
    held: list[QuestionTerm] = []
    missing: list[QuestionTerm] = []
    for term in evidence.asked:
        known = any(text.holds(term) for text in evidence.texts)
        (held if known else missing).append(term)
    # What is missing is best said by a name or a number; a common word is said only when it is
    # all there is, and then the longest, which is rarely a verb of saying or being.
    telling = [term for term in missing if term.kind != "word"] or missing
    found = [term for term in held if term.kind != "word"] or _subjects(evidence.question, held)
    titles = [hit.title for hit in evidence.hits[:1] if hit.title]
    return wording.refusal(
        evidence.language,
        _together(evidence.question, found),
        _together(evidence.question, telling),
        evidence.wanted.kind,
        titles,
    )


_QUESTION_AND_AUXILIARY = """
quanto chi ha hanno si cosa dove quando come perche non che
did does do has have was were is are will who when where why how what
"""
_BEFORE_A_VERB = frozenset(_QUESTION_AND_AUXILIARY.split())


def _subjects(question: str, held: Sequence[QuestionTerm]) -> Sequence[QuestionTerm]:
    """The words without those that follow a question word or an auxiliary: verbs, mostly."""
    asked = [fold(word) for word in _WORD.findall(question)]
    before = dict(zip(asked[1:], asked, strict=False))
    return [t for t in held if before.get(fold(t.word)) not in _BEFORE_A_VERB] or held


def _together(question: str, terms: Sequence[QuestionTerm]) -> list[str]:
    """Terms as the question writes them; neighbours ("Arabia Saudita") become one."""
    folded = fold(question)
    pieces: list[tuple[int, int]] = []
    position = 0
    for term in terms:
        at = folded.find(fold(term.word), position)
        at = at if at >= 0 else folded.find(fold(term.word))
        if at < 0 or len(folded) != len(question):
            continue
        end = at + len(fold(term.word))
        if pieces and question[pieces[-1][1] : at] in (" ", "-"):
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((at, end))
        position = end
    if len(folded) != len(question):
        return [term.word for term in terms]
    return [question[start:end] for start, end in pieces]
