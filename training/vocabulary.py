"""The tokenizer of the student: the teacher's word pieces plus Italian words, tied by meaning.

The tokenizer knows many Italian forms; the embedding table has fewer rows, because the forms of a
word that the data tells apart only by ending ("firmarono", "firmerà") share one row. ``rows.npy``
maps token id to row, so a form costs some bytes of tokenizer instead of a row of the table.
Accents are folded, as in the teacher: people type questions without them.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.mixing import table
from training.settings import Settings, teacher_path
from training.translations import Meaning, Weights, meanings

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
RARE, DOMINANT = 20.0, 0.7


@dataclass(frozen=True)
class Size:
    """How large the Italian part is: rows of the table, and tokens that point to them."""

    rows: int = 35_000
    tokens: int = 155_000


def _latin(token: str) -> bool:
    """Whether Italian or English text can hold the token (Greek letters are kept for formulas)."""
    return all(
        not c.isalpha() or unicodedata.name(c, "").startswith(("LATIN", "GREEK", "MICRO", "DEGREE"))
        for c in token.removeprefix("##")
    )


def kept_english(vocabulary: dict[str, int]) -> list[str]:
    """The teacher's tokens that stay, special ones first, then in the teacher's order."""
    ordered = sorted(vocabulary, key=vocabulary.__getitem__)
    plain = [t for t in ordered if t not in SPECIAL and not t.startswith("[unused") and _latin(t)]
    return [*SPECIAL, *plain]


def english_twin(meaning: Meaning, english: set[str]) -> str | None:
    """The English token whose row a rare word borrows, when one translation outweighs the rest.

    A row of its own would start as the same vector and be trained on next to nothing.
    """
    phrase, weight = max(meaning.weights.items(), key=lambda item: item[1])
    rare = meaning.uses < RARE
    return phrase if rare and weight >= DOMINANT and phrase in english else None


def choose(
    found: dict[str, Meaning], english: set[str], size: Size
) -> tuple[dict[str, str], dict[str, Weights]]:
    """(form -> head or English token, head -> weights), the most used forms first.

    Ends when the tokens run out; a form that would need a row after those run out is left out.
    """
    head_of: dict[str, str] = {}
    heads: dict[str, Weights] = {}
    for meaning in sorted(found.values(), key=lambda m: (-m.uses, m.form)):
        if meaning.form in english or len(head_of) >= size.tokens:
            continue
        twin = english_twin(found[meaning.head], english)
        if twin is None and meaning.head not in heads:
            if len(heads) >= size.rows:
                continue
            heads[meaning.head] = found[meaning.head].weights
        head_of[meaning.form] = twin or meaning.head
    return head_of, heads


def build(settings: Settings, size: Size) -> Path:
    """Write tokenizer.json, rows.npy and meanings.json into the workspace; returns the folder."""
    source = json.loads((teacher_path() / "tokenizer.json").read_text("utf-8"))
    vocabulary = source["model"]["vocab"]
    english = kept_english(vocabulary)
    found = meanings(settings.data, vocabulary)
    head_of, heads = choose(found, set(english), size)
    row_of = {token: place for place, token in enumerate(english)}
    row_of |= {head: len(english) + place for place, head in enumerate(heads)}
    tokens = [*english, *head_of]
    rows = [*range(len(english)), *(row_of[head] for head in head_of.values())]
    folder = settings.workspace("vocabulary")
    np.save(folder / "rows.npy", np.array(rows, np.int32))
    notes = {"english": [vocabulary[token] for token in english], "heads": heads}
    (folder / "meanings.json").write_text(json.dumps(notes, ensure_ascii=False), "utf-8")
    mixing = table(
        {form: meaning.weights for form, meaning in found.items()},
        {form: meaning.uses for form, meaning in found.items()},
        head_of.keys() | set(english),
    )
    (folder / "mixing.json").write_text(json.dumps(mixing, ensure_ascii=False), "utf-8")
    _write_tokenizer(folder / "tokenizer.json", source, tokens, settings.max_tokens)
    return folder


def _write_tokenizer(path: Path, source: dict, tokens: list[str], max_tokens: int) -> None:
    number = {token: place for place, token in enumerate(tokens)}
    source["model"]["vocab"] = number
    source["truncation"] = {
        "direction": "Right",
        "max_length": max_tokens,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    source["padding"] = None
    for entry in source["added_tokens"]:
        entry["id"] = number[entry["content"]]
    for entry in source["post_processor"]["special_tokens"].values():
        entry["ids"] = [number[entry["id"]]]
    path.write_text(json.dumps(source, ensure_ascii=False, separators=(",", ":")), "utf-8")
