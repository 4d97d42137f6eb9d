"""What a language model writes, made plain text: no links, no images, no markup, no hidden signs.

A model can be led by a document to smuggle a link or an image (whose address carries data out) or
to hide text. Nothing of that is needed in an answer, so nothing of it passes.
"""

from __future__ import annotations

import re
import unicodedata

_TARGET = r"\((?:[^()\n]|\([^()\n]*\))*\)?"
_IMAGE = re.compile(rf"!\[[^\]\n]*\]\s*(?:{_TARGET}|\[[^\]\n]*\])?")
_LINK = re.compile(rf"\[([^\]\n]*)\]{_TARGET}")
_REFERENCE = re.compile(r"^\s*\[[^\]\n]+\]:\s*\S+.*$", re.MULTILINE)
_TAG = re.compile(r"<(?:/?[A-Za-z!?][^<>]*)(?:>|$)")
_SCRIPT = re.compile(r"<(script|style|iframe|svg|object)\b.*?(?:</\1\s*>|$)", re.I | re.S)
_ADDRESS = re.compile(
    r"(?:\b(?:https?|ftp|file|javascript|vbscript|data|mailto|blob|wss?)\s*:\s*(?://)?[^\s\]\"”»]+)"
    r"|(?:\bwww\.[^\s\]\"”»]+)|(?:(?<![\w:])//[\w-]+\.[^\s\]\"”»]+)",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|lt|gt|amp|quot|apos|nbsp);?", re.IGNORECASE)
_MARKUP = re.compile(r"(\*\*|__|~~|`{1,3})")
_HEADING = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s*|[-*•]\s+|\d{1,2}[.)]\s+(?=\S))")


def neutralise(text: str) -> str:
    """Plain text in one line: readable words stay, markup, addresses and hidden signs go."""
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))
    # Until nothing changes: taking one layer away may complete another ("<scr<b>ipt>").
    while (plainer := _one_layer_less(text)) != text:
        text = plainer
    return text


def _one_layer_less(text: str) -> str:
    for pattern in (_SCRIPT, _IMAGE):
        text = pattern.sub(" ", text)
    text = _LINK.sub(r"\1", text)
    for pattern in (_REFERENCE, _TAG, _ENTITY, _ADDRESS):
        text = pattern.sub(" ", text)
    text = _MARKUP.sub("", text)
    text = _HEADING.sub("", text)
    text = re.sub(r"\(\s*\)|\[\s*\]", " ", text)
    text = re.sub(r"\s+([.,;:!?])", r"\1", text)
    return " ".join(text.split())
