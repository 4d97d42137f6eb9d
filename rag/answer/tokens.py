"""How many tokens a text may cost, counted so as to be over rather than under.

Every model cuts text in its own way, and the endpoint may not tell how. This count needs no
model: a run of letters costs one token for every three bytes of UTF-8, begun ones included; every
digit and every sign costs one, and so does every line break. Byte-pair vocabularies cut Italian and
English prose into fewer pieces than that (about one for 3.5 to 4.5 letters), so that passages
counted in fit. If an endpoint still says that its window is exceeded, the prompt is made again with
half the budget.
"""

from __future__ import annotations

import re

LETTERS_PER_TOKEN = 3  # bytes of UTF-8
PER_MESSAGE = 8  # role marks and separators of a chat template

_PIECE = re.compile(r"[^\W\d_]+|\d|\n|[^\w\s]|_")


def count(text: str) -> int:
    """An upper estimate of the tokens that `text` costs."""
    total = 0
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece[0].isalpha():
            total += -(-len(piece.encode("utf-8", "replace")) // LETTERS_PER_TOKEN)
        else:
            total += 1 if piece.isascii() else len(piece.encode("utf-8", "replace"))
    return total
