"""Languages of documents and questions."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rag.ingest import detect_language, question_language

ITALIAN = """
Quanti accordi hanno firmato Stati Uniti e Kazakistan?
Chi è Ursula von der Leyen?
accordi Kazakistan Stati Uniti
Middle Corridor: cos'è?
terre rare
nucleare
Cosa dice Le Monde?
perchè il Kazakistan nn vuole la russia
PERCHÉ?
Der Spiegel cosa ha scritto?
El Niño: quali effetti?
von der Leyen Kazakistan visita
est europa guerra
uranio produzione mondiale
Che fine fa Los Angeles?
D'accordo con chi?
Chi ha scritto J'accuse?
Cosa significa c'est la vie?
mais e soia
2022
19,5%
"""
ENGLISH = """
Middle Corridor?
How many agreements did the United States and Kazakhstan sign?
rare earths
who is ursula von der leyen
What does El País say?
wich agrements did kazakistan sing
Who wrote Das Kapital?
Who met Van Gogh?
WHY?
Die Hard plot
trade
Rio de Janeiro population
How about El Niño effects?
What is die Linke?
Abraham Accords
los angeles weather
comment on the war
tell me more
"""
NEITHER = """
Où est la gare?
Combien d'accords ont été signés par le Kazakhstan ?
Quelle est la capitale du Kazakhstan ?
Qu'est-ce que le corridor central ?
J'ai une question sur le pétrole
Pourquoi?
Wer ist der Präsident von Kasachstan?
Wie viele Abkommen wurden unterzeichnet?
Warum ist Astana wichtig?
¿Cuántos acuerdos firmó Kazajistán?
Qué es el Corredor Medio
Quantos acordos foram assinados pelo Cazaquistão?
Wat is de hoofdstad van Kazachstan?
Kto jest prezydentem Kazachstanu?
Kazakistan'ın başkenti nedir?
Vad är huvudstaden?
Что такое Срединный коридор?
中间走廊是什么？
ما هو الممر الأوسط؟
😀🎉
???
"""


@pytest.mark.parametrize("question", ITALIAN.strip().split("\n"))
def test_italian_questions(question: str) -> None:
    assert question_language(question) == "it"


@pytest.mark.parametrize("question", ENGLISH.strip().split("\n"))
def test_english_questions(question: str) -> None:
    assert question_language(question) == "en"


@pytest.mark.parametrize("question", ["", "  ", *NEITHER.strip().split("\n")])
def test_questions_in_neither_language(question: str) -> None:
    assert question_language(question) is None


@pytest.mark.parametrize("name", ["Tokayev?", "San Francisco", "Charles de Gaulle", "El Salvador"])
def test_a_bare_name_is_never_refused(name: str) -> None:
    assert question_language(name) is not None


def test_a_very_long_question_is_judged_by_its_beginning() -> None:
    assert question_language("Perché il Kazakistan vende uranio? " * 3000) == "it"


def test_documents() -> None:
    assert detect_language("Il presidente ha firmato l'accordo con la Cina.") == "it"
    assert detect_language("The president has signed the agreement with China.") == "en"
    assert detect_language("Il presidente ha firmato l'accordo. " * 20_000) == "it"


def test_the_default_stands_where_nothing_speaks() -> None:
    for text in ("", "12 345", "😀", "中间走廊"):
        assert detect_language(text) == "it"
        assert detect_language(text, default="en") == "en"


def test_a_plain_question_loads_no_library() -> None:
    code = (
        "import sys; from rag.ingest import question_language as q; "
        "assert q('Quanti accordi hanno firmato?') == 'it'; "
        "sys.exit('lingua' in sys.modules or 'langchain_text_splitters' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
