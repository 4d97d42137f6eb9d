"""Named settings to compare, from eval/conditions.toml: one table each, of rag.toml's settings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.core.config import Settings
from rag.core.errors import EvalError

CONDITIONS = Path("eval/conditions.toml")
# An index made with one value of these cannot be searched with another.
INDEX_SETTINGS = frozenset(
    {"chunk_size", "chunk_overlap", "embedder", "query_prompt", "passage_prompt", "max_file_mb"}
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Condition:
    """A name, what it is for, and the settings that differ from those in force."""

    name: str
    about: str
    settings: dict[str, Any]

    @property
    def needs_own_index(self) -> bool:
        """Whether it differs in what an index is made with."""
        return bool(INDEX_SETTINGS & set(self.settings))


def load(path: Path) -> dict[str, Condition]:
    """The conditions of a file, in its order. Raises EvalError naming the file and the table."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EvalError(f"There is no {path}.", "It names the conditions to compare.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EvalError(f"{path} is not valid TOML: {error}.", "Mend that line.") from None
    found = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise EvalError(f"{path}: '{name}' is not a table.", f"Write [{name}] above settings.")
        if not _NAME.fullmatch(name):
            raise EvalError(f"{path}: '{name}' cannot be a name.", "Use letters, digits, . _ -")
        settings = dict(table)
        about = str(settings.pop("about", ""))
        found[name] = _checked(Condition(name, about, settings), str(path))
    if not found:
        raise EvalError(f"{path} names no condition.")
    return found


def choose(conditions: dict[str, Condition], names: Sequence[str]) -> list[Condition]:
    """Those named, in the order named; all when none is.

    A name may also be settings themselves: "dense_weight=0.3" or "chunk_size=400,chunk_overlap=80".
    Raises EvalError for an unknown name.
    """
    chosen = []
    for name in names:
        if "=" in name:
            chosen.append(_inline(name))
        elif name in conditions:
            chosen.append(conditions[name])
        else:
            raise EvalError(
                f"There is no condition '{name}'.",
                f"There are: {', '.join(conditions)}; or give a setting, as in dense_weight=0.3.",
            )
    return chosen or list(conditions.values())


def _inline(text: str) -> Condition:
    settings = {}
    for pair in text.split(","):
        key, _, value = pair.partition("=")
        try:
            settings[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            settings[key.strip()] = value.strip()  # a bare word: a text, as on a command line
    return _checked(Condition(text.replace("/", "_"), "", settings), f"'{text}'")


def _checked(condition: Condition, where: str) -> Condition:
    for key in condition.settings:
        if key not in Settings.model_fields:
            known = ", ".join(sorted(Settings.model_fields))
            raise EvalError(f"{where}: there is no setting '{key}'.", f"There are: {known}.")
    return condition
