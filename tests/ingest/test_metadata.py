"""Title, date and author: what a text states about itself, and nothing that it merely mentions."""

from __future__ import annotations

import pytest

from rag.core.types import Language
from rag.ingest.dates import find_date, iso_date
from rag.ingest.metadata import find_author, find_title

STORY = (
    "\n\nIl consiglio ha approvato il piano il 3 aprile 2019, dopo mesi di rinvii e di proteste.\n"
)

STATED = [
    ("La rete\n- Postato il 7 novembre 2025\n- 3 Visualizzazioni", "2025-11-07"),
    ("Milano, 9 nov. (Agenzia) – Il sindaco ha aperto", "--11-09"),
    (" date 2023-12 La città è lontana dal mare.", "2023-12"),
    ("Posted on November 7, 2025", "2025-11-07"),
    ("Published: 7 November 2025 by Tom Hale", "2025-11-07"),
    ("Pubblicato il 3/5/2024 alle 10:30", "2024-05-03"),
    ("Di Anna Neri | Pubblicato il 3 maggio 2024 | Aggiornato il 5 maggio 2024", "2024-05-03"),
    ("Aggiornato il 5 maggio 2024 | Pubblicato il 3 maggio 2024", "2024-05-03"),
    ("Ultimo aggiornamento: 1° marzo 2024", "2024-03-01"),
    ("Titolo\n9 May 2025", "2025-05-09"),
    ("Titolo\nGiovedì 7 novembre 2025 - 18:45", "2025-11-07"),
    ("Titolo\n2025-11-07T10:30:00Z", "2025-11-07"),
    ("Titolo\nMarzo 2024", "2024-03"),
    ("By Jane Doe, 7 November 2025", "2025-11-07"),
    ("Anna Neri - 7 novembre 2025", "2025-11-07"),
    ("(ANSA) - ROMA, 12 MAR - Il governo", "--03-12"),
    ("WASHINGTON, Nov. 7, 2025 /PRNewswire/ -- The company", "2025-11-07"),
    ("LONDON, March 3 (Reuters) - Britain", "--03-03"),
    ("Data: 3 aprile 2021", "2021-04-03"),
    ("Pubblicato nel 2024", "2024"),
]
UNSTATED = [
    "Nel 2025 la città è cambiata.",
    "La rete nel 2025: un anno di lavori",
    "Il 7 ottobre 2024 il referendum ha avuto esito positivo.",
    "7 ottobre 2024: il giorno che cambiò la città per sempre",
    "Pubblicato il 3 maggio 2024 da Levante, il romanzo racconta la storia di una città sul mare.",
    "La mostra apre il 3 maggio 2024.",
    "Parigi, 2015. La notte è fredda.",
    "May 2024 was a month of rain.",
    "Last updated: 2024-02-30",
    "Titolo\n31/02/2024",
    "Versione 12.11.2024.3",
    "Dated but not posted in 2024, the letter",
]


@pytest.mark.parametrize(("head", "date"), STATED)
def test_publication_dates_are_read_as_precisely_as_stated(head: str, date: str) -> None:
    assert find_date(head + STORY, "it") == date


@pytest.mark.parametrize("head", UNSTATED)
def test_dates_of_the_story_are_no_publication_dates(head: str) -> None:
    assert find_date(head + STORY, "it") is None


def test_a_date_under_the_text_counts() -> None:
    assert find_date("Titolo" + STORY * 9 + "Bari, 3 marzo 2024", "it") == "2024-03-03"


def test_a_bibliography_at_the_end_does_not_date_the_text() -> None:
    tail = "\n[1] Hale, Tom. “Trams.” The Times, 9 May 2025, https://example.org/2025/05/09"
    assert find_date("Titolo" + STORY * 9 + tail, "it") is None


@pytest.mark.parametrize(
    ("statement", "language", "date"),
    [
        ("03/04/2024", "it", "2024-04-03"),
        ("03/04/2024", "en", "2024"),  # 3 April or 4 March: only the year is sure
        ("13/04/2024", "en", "2024-04-13"),
        ("04/13/2024", "en", "2024-04-13"),
        ("29 febbraio 2024", "it", "2024-02-29"),
        ("29 febbraio 2023", "it", None),
        ("29 febbraio", "it", "--02-29"),
        ("32 maggio 2024", "it", None),
        ("2024-13-01", "it", None),
        ("3rd of June, 2024", "en", "2024-06-03"),
        ("Sept. 5, 2024", "en", "2024-09-05"),
        ("domani", "it", None),
        ("", "it", None),
    ],
)
def test_forms_of_dates(statement: str, language: Language, date: str | None) -> None:
    assert iso_date(statement, language) == date


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("La rete di domani" + STORY, "La rete di domani"),
        ("\n\n  La rete: perché serve?\n\nDi Anna Neri" + STORY, "La rete: perché serve?"),
        ("# La rete #" + STORY, "La rete"),
        ("“Non ci fermeremo”" + STORY, "“Non ci fermeremo”"),
        ("Introduzione" + STORY, None),  # names a section
        ("Milano, 9 nov. (Agenzia) – Il sindaco ha aperto" + STORY, None),
        (" date 2023-12 La città è lontana" + STORY, None),
        ("Il sindaco ha aperto la linea." + STORY, None),
        ("- una voce" + STORY, None),
        ("Di Anna Neri – Il Giornale" + STORY, None),
        ("7 novembre 2025" + STORY, None),
        ("e poi continua da un'altra pagina" + STORY, None),
        ("Una riga sola", None),
        ("x" * 300 + STORY, None),
    ],
)
def test_titles(text: str, title: str | None) -> None:
    assert find_title(text) == title


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("Titolo\n\nDi Anna Neri – Il Giornale di Bari" + STORY, "Anna Neri"),
        ("Titolo\n- Di Levante" + STORY, "Levante"),
        ("Title\nBy Jane Doe and Tom Hale" + STORY, "Jane Doe and Tom Hale"),
        ("Title\nBy Jane Doe, The Times" + STORY, "Jane Doe"),
        ("Titolo\na cura di Luca de Rossi" + STORY, "Luca de Rossi"),
        ("Titolo\nDi J. D. Verdi | 3 maggio 2024" + STORY, "J. D. Verdi"),
        ("Titolo" + STORY + "\n(di Anna Neri)", "Anna Neri"),
        ("Di Maio vola a Pechino" + STORY, None),
        ("By the river, a city grows" + STORY, None),
        ("Titolo" + STORY + "\nIl libro (di cui si parla molto) esce oggi.", None),
        ("Titolo" + STORY, None),
    ],
)
def test_authors(text: str, author: str | None) -> None:
    assert find_author(text) == author
