"""Dates of any precision, as people say them."""

from __future__ import annotations

from rag.core.types import Language

_MONTHS: dict[Language, tuple[str, ...]] = {
    "it": (
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
        "settembre", "ottobre", "novembre", "dicembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
}  # fmt: skip


def readable_date(date: str, language: Language) -> str:
    """An ISO date of any precision as one says it: "7 novembre 2025", "December 2023", "2025".

    A date without its year ("--11-09") gives day and month. What is no such date comes back as is.
    """
    yearless = date.startswith("--")
    parts = date[2:].split("-") if yearless else date.split("-")
    if not all(part.isdigit() for part in parts):
        return date
    year, rest = ("", parts) if yearless else (parts[0], parts[1:])
    if rest and not 1 <= int(rest[0]) <= 12:
        return date
    month = _MONTHS[language][int(rest[0]) - 1] if rest else ""
    day = str(int(rest[1])) if len(rest) > 1 else ""
    if day == "1" and language == "it":
        day = "1º"
    return " ".join(part for part in (day, month, year) if part)
