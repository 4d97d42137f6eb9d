"""The whole of answering, over documents in memory: what holds for every answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.assistant import Assistant, Done, TextDelta, Turn
from rag.answer.prompt import Message
from rag.core.errors import LLMError, UsageError
from rag.core.types import Answer, Document
from tests.answer.helpers import Letters, Shelf, document

TRADE_2023 = document(
    "Nel 2023 il commercio tra Kazakistan e Italia valeva 15 miliardi di dollari.[2] Il petrolio "
    "resta la voce principale delle esportazioni.",
    path="a.txt",
    title="Il commercio con l’Italia",
    date="2023-12",
)
TRADE_2025 = document(
    "Il commercio tra Kazakistan e Italia vale oggi 20 miliardi di dollari, dice il ministero. "
    "Astana vuole investire nelle ferrovie.",
    path="b.txt",
    date="2025-11-07",
)
QUESTION = "Quanto vale il commercio tra Kazakistan e Italia?"


def assistant(*documents: Document, **options: object) -> Assistant:
    shelf = Shelf(documents)
    return Assistant(shelf, shelf, Letters(), **options)  # type: ignore[arg-type]


def hold(answer: Answer, documents: Sequence[Document]) -> None:
    """The invariants of every answer."""
    texts = {one.doc_id: one.text for one in documents}
    for citation in answer.citations:
        assert texts[citation.doc_id][citation.start : citation.end] == citation.quote
        said = answer.text[citation.answer_start : citation.answer_end]
        if answer.mode == "extractive" and not answer.abstained:
            assert said == citation.quote
        if answer.mode == "llm" and not answer.abstained:
            assert said
    assert answer.abstained == (answer.reason is not None)
    assert answer.text


def test_figures_of_different_dates_are_both_shown_newest_first() -> None:
    answer = assistant(TRADE_2023, TRADE_2025, abstain_below=0.0).ask(QUESTION)
    hold(answer, [TRADE_2023, TRADE_2025])
    assert answer.text.startswith("I documenti danno indicazioni diverse")
    assert [c.date for c in answer.citations] == ["2025-11-07", "2023-12"]
    assert "7 novembre 2025: «" in answer.text
    assert "dicembre 2023: «" in answer.text


def test_footnote_marks_at_the_ends_are_left_out_of_a_quote() -> None:
    answer = assistant(TRADE_2023, abstain_below=0.0).ask(QUESTION)
    assert answer.citations[0].quote.endswith("15 miliardi di dollari.")
    assert answer.text.startswith("Secondo il documento di dicembre 2023:\n«")


def test_the_frame_is_in_the_language_of_the_question() -> None:
    answer = assistant(TRADE_2025, abstain_below=0.0).ask("What does the ministry say of trade?")
    assert answer.language == "en"
    assert answer.text.startswith("According to the document of 7 November 2025:\n“")


def test_near_duplicates_are_shown_once() -> None:
    copy = document(TRADE_2025.text, path="c.txt", date="2025-11-08")
    answer = assistant(TRADE_2025, copy, abstain_below=0.0).ask(QUESTION)
    assert len(answer.citations) == len({c.quote for c in answer.citations})


def test_a_refusal_says_what_was_found_and_what_was_not() -> None:
    answer = assistant(TRADE_2025, abstain_below=1.0).ask("Quanto vale il commercio con il Perù?")
    hold(answer, [TRADE_2025])
    assert answer.abstained
    assert "commercio" in answer.text
    assert "ma non di «Perù»" in answer.text
    assert answer.citations  # the nearest passages


def test_nothing_indexed_is_a_refusal() -> None:
    answer = assistant().ask(QUESTION)
    assert answer.abstained
    assert answer.confidence < 0.5
    assert answer.citations == ()


def test_the_threshold_is_a_setting() -> None:
    assert assistant(TRADE_2025, abstain_below=1.0).ask(QUESTION).abstained
    assert not assistant(TRADE_2025, abstain_below=0.0).ask(QUESTION).abstained


def test_a_name_that_no_document_holds_lowers_confidence() -> None:
    asking = assistant(TRADE_2023, TRADE_2025)
    known = asking.ask(QUESTION).confidence
    assert asking.ask("Quanto vale il commercio tra Kazakistan e Portogallo?").confidence < known


def test_a_follow_up_leans_on_the_conversation() -> None:
    turkey = document("Con la Turchia il Kazakistan ha firmato 18 accordi.", path="t.txt")
    china = document("Con la Cina il Kazakistan ha firmato 24 accordi.", path="c.txt")
    asking = assistant(turkey, china, abstain_below=0.0)
    history = [Turn("Quanti accordi ha firmato il Kazakistan con la Cina?", "24")]
    assert "18 accordi" in asking.ask("E con la Turchia?", history).text


@pytest.mark.parametrize("question", ["", "   ", "🙂🙂", "x" * 100_000])
def test_what_cannot_be_asked(question: str) -> None:
    with pytest.raises(UsageError):
        assistant(TRADE_2025).ask(question)


class Saying:
    """A model that says what it is told to, in the pieces given."""

    name = "saying"
    context = 8192
    max_tokens = 200

    def __init__(self, pieces: Sequence[str], fails: bool = False) -> None:
        self._pieces = pieces
        self._fails = fails

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        assert messages
        assert max_tokens is None or max_tokens > 0
        for piece in self._pieces:
            if cancel is not None and cancel.is_set():
                return
            yield piece
        if self._fails:
            raise LLMError("It broke.")


words = st.sampled_from(
    [
        "Astana",
        "firma",
        "Kazakistan",
        "Turchia",
        "accordi",
        "il",
        "la",
        "di",
        "29",
        "18",
        "miliardi.",
        "dollari,",
        "«oggi»",
        "ha",
        "[3]",
        "però",
        "perché?",
        "Trump",
        "UE",
        "nel",
        "2025",
        "non",
        "l’intesa\n\n😀",
        "é",
        "“ieri”",
        "Mosca",
    ]
)
texts = st.lists(words, min_size=1, max_size=60).map(" ".join)
marks = st.sampled_from(
    ['[1: "Astana firma"]', "[1]", "[99]", '[2: "29 miliardi."]', "[1: ", '"]', "\n", "<b>",
     '[1] "accordi il la"', "![x](http://evil.example/)", "NESSUNA RISPOSTA", "<think>"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(texts, min_size=1, max_size=4),
    texts,
    st.lists(st.one_of(texts, marks), max_size=8),
    st.sampled_from(["remove", "mark"]),
    st.booleans(),
)
def test_whatever_documents_question_and_model_every_quote_is_exact(
    bodies: list[str], question: str, pieces: list[str], unsupported: str, fails: bool
) -> None:
    import unicodedata

    documents = [
        document(unicodedata.normalize("NFC", body), path=f"{n}.txt", date="2025")
        for n, body in enumerate(bodies)
    ]
    asked = f"Che cosa {question}?"
    for llm in (None, Saying(pieces, fails)):
        asking = assistant(*documents, llm=llm, abstain_below=0.0, unsupported=unsupported)
        events = list(asking.stream(asked))
        assert isinstance(events[-1], Done)
        answer = events[-1].answer
        hold(answer, documents)
        shown = "".join(event.text for event in events if isinstance(event, TextDelta))
        assert shown == answer.text
        if answer.mode == "llm":
            # Nothing unchecked: what is not cited is marked, and no link survives.
            assert "http" not in answer.text
            assert answer.citations or answer.abstained or "(non confermato" in answer.text


def test_a_reranker_decides_the_order() -> None:
    import numpy as np

    from rag.retrieve.rerank import RerankedSearcher

    class Shortest:
        name = "shortest"

        def scores(self, query: str, passages: Sequence[str]) -> np.ndarray:
            assert query
            return np.array([1 / (1 + len(p)) for p in passages], dtype=np.float32)

    shelf = Shelf([TRADE_2023, TRADE_2025, document("Breve.", path="d.txt")])
    hits = RerankedSearcher(shelf, Shortest(), depth=10).search("commercio", 2)
    assert [hit.path for hit in hits] == ["d.txt", "b.txt"]
    assert hits[0].signals.rerank == hits[0].score


def test_a_model_completes_a_follow_up_but_may_not_invent() -> None:
    shelf = Shelf([TRADE_2025])
    history = [Turn("Quanto vale il commercio con l’Italia?", "20 miliardi")]
    honest = Assistant(shelf, shelf, Letters(), llm=Saying(["Quando lo dice il ministero?"]))
    assert honest.resolve("Quando?", history) == "Quando lo dice il ministero?"
    for invented in ("Quando lo disse Napoleone Bonaparte?", "Che cosa accadde nel 1815?", ""):
        asking = Assistant(shelf, shelf, Letters(), llm=Saying([invented]))
        assert asking.resolve("Quando?", history).startswith("Quanto vale il commercio")
