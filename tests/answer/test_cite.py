"""The checks on a statement, one by one. Over a real endpoint: test_endpoint_faults.py."""

from __future__ import annotations

import pytest

from rag.answer.cite import Checker, Verdict
from rag.answer.parse import statements
from rag.answer.prompt import Passage
from rag.core.types import Language
from rag.indexing.translate import bundled_table
from tests.answer.helpers import document

SOURCE = document(
    "Il presidente Tokayev è arrivato a Washington. Gli Stati Uniti e il Kazakistan hanno firmato "
    "29 accordi per un valore di 40 miliardi di dollari.[3] Il Kazakistan non riconosce il Kosovo "
    "come Stato indipendente. Nel 2024 il Kazakistan ha esportato petrolio in Italia. La Turchia "
    "ha firmato con Astana 18 accordi sulla difesa.",
    title="La politica estera del Kazakistan",
    date="2025-11-07",
)


def check(said: str, language: Language = "it") -> Verdict:
    passage = Passage(SOURCE, 0, len(SOURCE.text), "it")
    checker = Checker([passage], language, bundled_table())
    (statement,) = statements(said)
    return checker.check(statement)


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ('Sono stati firmati 29 accordi. [1: "hanno firmato 29 accordi"]', "it"),
        ('Kazakhstan and the United States signed 29 agreements. [1: "firmato 29 accordi"]', "en"),
        ('The deals are worth $40 billion. [1: "un valore di 40 miliardi di dollari"]', "en"),
        ('President Tokayev travelled to Washington. [1: "arrivato a Washington"]', "en"),
        ('Il 7 novembre 2025 gli accordi firmati erano 29. [1: "firmato 29 accordi"]', "it"),
        ('Kazakhstan does not recognise Kosovo. [1: "non riconosce il Kosovo"]', "en"),
        ('In 2024 Kazakhstan exported oil to Italy. [1: "ha esportato petrolio in Italia"]', "en"),
        ("Gli Stati Uniti e il Kazakistan hanno firmato 29 accordi. [1]", "it"),
    ],
)
def test_supported(said: str, language: Language) -> None:
    verdict = check(said, language)
    assert verdict.fault is None
    for span in verdict.spans:
        assert span.text == SOURCE.text[span.start : span.end]


@pytest.mark.parametrize(
    ("said", "language", "fault"),
    [
        ('Gli accordi valgono 25 miliardi. [1: "40 miliardi di dollari"]', "it", "25 miliardi"),
        ('Gli accordi valgono 40 milioni. [1: "40 miliardi di dollari"]', "it", "40 milioni"),
        ('Hanno firmato tre accordi. [1: "hanno firmato 29 accordi"]', "it", "tre"),
        ('Germany signed 29 agreements. [1: "hanno firmato 29 accordi"]', "en", "Germany"),
        ('La Turchia ha firmato 29 accordi. [1: "hanno firmato 29 accordi"]', "it", "Turchia"),
        ('Nel 1999 firmarono 29 accordi. [1: "hanno firmato 29 accordi"]', "it", "1999"),
        ('A maggio firmarono 29 accordi. [1: "hanno firmato 29 accordi"]', "it", "month 5"),
        ('Il Kazakistan riconosce il Kosovo. [1: "riconosce il Kosovo"]', "it", "denies"),
        ('Non hanno firmato 29 accordi. [1: "hanno firmato 29 accordi"]', "it", "deny"),
        ('Il vino fu molto buono. [1: "hanno firmato 29 accordi"]', "it", "something else"),
        ('Hanno firmato. [1: "hanno firmato 25 accordi"]', "it", "does not stand"),
        ('Hanno firmato 29 accordi. [2: "hanno firmato 29 accordi"]', "it", "no passage 2"),
        ('Hanno firmato 29 accordi. [0: "hanno firmato 29 accordi"]', "it", "no passage 0"),
        ("Hanno firmato 29 accordi.", "it", "no source"),
        ("Il Kazakistan ha comprato 29 accordi turchi a Roma. [1]", "it", ""),
    ],
)
def test_unsupported(said: str, language: Language, fault: str) -> None:
    verdict = check(said, language)
    assert not verdict.supported
    assert fault in (verdict.fault or "")


def test_a_number_just_outside_the_quote_widens_it_to_the_sentence() -> None:
    verdict = check('Valgono 40 miliardi di dollari. [1: "Gli Stati Uniti e il Kazakistan"]')
    (span,) = verdict.spans
    assert span.text.startswith("Gli Stati Uniti")
    assert "40 miliardi" in span.text


def test_one_good_mark_is_enough() -> None:
    verdict = check('Firmarono 29 accordi. [7: "x y z"; 1: "hanno firmato 29 accordi"]')
    assert [span.text for span in verdict.spans] == ["hanno firmato 29 accordi"]
