"""Sentence boundaries. A bar marks where a sentence must end; nowhere else may one."""

from __future__ import annotations

import re

import pytest

from rag.core.types import Language
from rag.ingest import sentences

ITALIAN = """
Ha detto di sì, anzi di più.|Il Perù.|È così.|Non c'è.|Lui è.|Noi no.
L'art. 5 della legge vale.|Il dott. Rossi e la sig.ra Bianchi, p. es. Maria, sono qui.
Pane, latte, ecc. sono finiti.|Pane, latte, ecc.|Il resto c'è.
Gli U.S. Marines arrivano.|Vive negli U.S.|La casa è sua.
J. D. Vance ha parlato con G. W. Bush.|Il n. 10 è suo.|Costa 3.5 euro.|Sono 1.000.000 di euro.
«Vieni qui.»|Lui andò.|“Oggi sempre più.”|Poi disse: «No!».|Fine.
«Dove vai?» chiese Marco.|«Vado.» rispose lei.
I vantaggi nazionali.[1]|In questo caso l'equilibrio».[2][3]|Poi ancora.¹|Infine.
Aspetta…|Poi venne.|Aspetta… e poi venne.|Davvero?!|Sì.|Ma no...|Forse.
L'economia è varia.[25] [FG1] .|Non è solo l’UE a dirlo.
Nel 2022.|Poi il 2023.|Nacque nel 50 a.C. a Roma.|Nel 300 d.C.|Il mondo cambiò.
La S.p.A. ha chiuso.|Lavora alla Fiat S.p.A.|Il titolo sale.
Il capitolo I.|Ha preso il vol. II della serie.|Vedi cap. XII.|Poi basta.
Il 9 nov. 2023 accadde.|La c.d. riforma passa.|Disse (in fretta.)|Poi uscì.
L'on. Neri, il prof. Verdi e l'avv. Gallo.|Vedi pag. 5 e fig. 2.|Lo dice l'ing. Bo.
Art. 1. Il decreto vale.|Ha 18 anni.|Nel 1990.|Il resto.
Era “grande”.|Lo disse lui stesso (forse).|Vero!|Vero?|No.
Vive a S. Giovanni, in via G. Verdi.|Il sito www.esempio.it.|Scrivete a info@esempio.it.|Grazie.
"""
ENGLISH = """
He moved on.|The cat slept.|That is all.|The end.|Mr. Smith met Dr. Jones.
No. 5 is alive.|He said no.|Five left.|See pp. 5-7 and Fig. 3.|See Sec. II.
It is, e.g. This one, i.e. That.
The U.S. President spoke.|He lives in the U.S.|The house is old.
At 5 p.m. he left.|At 5 p.m.|He left.|At 5 p.m. Eastern time.
It works at Apple Inc.|The firm said so.|Apple Inc. said so.
“I go.”|She left.|“Really?” he asked.|On Jan. 5 it rained.|J. Smith et al. show this.
In this case.[1]|As shown.2|Then he left.|It cost $3.50.|St. Louis is nice.
"""


def cases(block: str, language: Language) -> list[tuple[Language, str]]:
    return [(language, line) for line in block.strip().split("\n")]


@pytest.mark.parametrize(
    ("language", "marked"),
    [*cases(ITALIAN, "it"), *cases(ENGLISH, "en")],
    ids=lambda value: value[:40],
)
@pytest.mark.parametrize("glue", [" ", "  "])
def test_sentences_end_where_they_end(language: Language, marked: str, glue: str) -> None:
    text = marked.replace("|", glue)
    assert [text[start:end] for start, end in sentences(text, language)] == marked.split("|")


def parts(text: str, language: Language = "it") -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


def test_headings_list_items_and_numbers_of_sections_stand_alone() -> None:
    text = "1. Introduzione\nIl testo comincia qui.\n\nTitolo\n- uno,\n- due\n* tre\n2) quattro"
    assert parts(text) == [
        "1. Introduzione",
        "Il testo comincia qui.",
        "Titolo",
        "- uno,",
        "- due",
        "* tre",
        "2) quattro",
    ]


def test_lines_wrapped_by_hand_are_read_on() -> None:
    text = (
        "This letter was wrapped by hand at seventy-two columns, as people did in\n"
        "Usenet times, when Bob and Alice wrote to each other in the evenings and\n"
        "nobody minded. And the next\nsentence begins here."
    )
    found = [re.sub(r"\s+", " ", part) for part in parts(text, "en")]
    assert found[0].endswith("and nobody minded.")
    assert found[1:] == ["And the next sentence begins here."]


def test_full_width_stops_need_no_space() -> None:
    assert parts("日本語です。次の文！終わり") == ["日本語です。", "次の文！", "終わり"]


def test_blank_text_has_no_sentences() -> None:
    assert parts("") == parts(" \n\t ") == []
