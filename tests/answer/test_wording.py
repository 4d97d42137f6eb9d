from __future__ import annotations

import pytest

from rag.answer import wording
from rag.answer.wanted import answer_type
from rag.core.types import Language


@pytest.mark.parametrize(
    ("date", "italian", "english"),
    [
        ("2025-11-07", "7 novembre 2025", "7 November 2025"),
        ("2023-12", "dicembre 2023", "December 2023"),
        ("2025", "2025", "2025"),
        ("--11-09", "9 novembre", "9 November"),
        ("2024-05-01", "1º maggio 2024", "1 May 2024"),
        ("ieri", "ieri", "ieri"),
        ("2024-13", "2024-13", "2024-13"),
    ],
)
def test_dates(date: str, italian: str, english: str) -> None:
    assert wording.readable_date(date, "it") == italian
    assert wording.readable_date(date, "en") == english


@pytest.mark.parametrize(
    ("language", "date", "said"),
    [
        ("it", "2025-11-07", "Secondo il documento del 7 novembre 2025:"),
        ("it", "2025-11-08", "Secondo il documento dell’8 novembre 2025:"),
        ("it", "2023-12", "Secondo il documento di dicembre 2023:"),
        ("it", "2025", "Secondo il documento del 2025:"),
        ("it", None, "Secondo il documento:"),
        ("en", "2025-11-07", "According to the document of 7 November 2025:"),
    ],
)
def test_frames(language: Language, date: str | None, said: str) -> None:
    assert wording.frame(language, 1, date) == said


def test_refusals() -> None:
    said = wording.refusal("it", ["Kazakistan", "accordi"], ["Argentina"], "number")
    assert said == "I documenti parlano di «Kazakistan» e «accordi», ma non di «Argentina»."
    said = wording.refusal("en", ["Kazakhstan"], [], "date")
    assert said == "The documents speak of “Kazakhstan”, but do not say when."
    said = wording.refusal("it", [], ["unicorni"], None, ["Accordi di Abramo"])
    assert said == "I documenti non parlano di «unicorni»; il più vicino è «Accordi di Abramo»."
    said = wording.refusal("it", ["uranio"], ["Perù", "Cile"], None)
    assert said == "I documenti parlano di «uranio», ma non di «Perù» o «Cile»."
    said = wording.refusal("en", [], ["Peru", "Chile"], None)
    assert said == "The documents do not speak of “Peru” or “Chile”."
    assert wording.refusal("en", [], [], None) == "The documents do not speak of this."


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Chi ha firmato?", "person"), ("Con chi ha parlato Trump?", "person"),
        ("Quando è stato firmato l'accordo?", "date"), ("In che anno?", "date"),
        ("Quanti accordi?", "number"), ("Quant'è il valore?", "number"),
        ("Dove si sono incontrati?", "place"), ("Perché Mosca è irritata?", "reason"),
        ("Which company leads?", "name"), ("How many people signed when asked?", "number"),
        ("What year was it?", "date"), ("Middle Corridor?", None),
    ],
)  # fmt: skip
def test_answer_types(question: str, kind: str | None) -> None:
    assert answer_type(question) == kind
