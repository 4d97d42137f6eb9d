"""Tokens, counted roughly: no model's own vocabulary is assumed."""

from __future__ import annotations

import re

_TOKENS = re.compile(r"\w{1,6}|[^\w\s]")


def count_tokens(text: str) -> int:
    """About as many tokens as a model's vocabulary would make of `text`."""
    return sum(1 for _ in _TOKENS.finditer(text))
