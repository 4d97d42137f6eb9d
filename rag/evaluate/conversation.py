"""Follow-up questions: is the resolved one found better than the last message alone?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rag.answer.follow import Turn, resolve
from rag.core.types import Chunk, Searcher
from rag.evaluate.figures import figures
from rag.evaluate.judged import Conversation, ConversationSet
from rag.evaluate.locate import Need
from rag.evaluate.measures import DEPTH
from rag.evaluate.records import Record
from rag.evaluate.relevance import judge
from rag.evaluate.run import Asker, Item, execute
from rag.evaluate.statistics import randomisation_test
from rag.evaluate.store import ConversationFigures, FollowUp, SetFacts

TESTED = ("nDCG@10", "R@5")
Resolver = Callable[[str, Sequence[str]], str]
"""(follow-up, the questions before it, oldest first) -> a question that stands on its own."""


def by_rule(assistant: Asker | None) -> Resolver:
    """The product's own rule, over a history in which the earlier questions were answered."""

    def resolver(question: str, earlier: Sequence[str]) -> str:
        history: list[Turn] = []
        for one in earlier:
            answer = assistant.ask(one, history).text if assistant is not None else ""
            history.append(Turn(one, answer))
        return resolve(question, history)

    return resolver


def follow_ups(
    judged: ConversationSet,
    needs: Mapping[str, tuple[Need, ...]],
    chunks: Mapping[str, Sequence[Chunk]],
    searcher: Searcher,
    resolver: Resolver,
    k: int = DEPTH,
) -> ConversationFigures:
    """Search each last turn both ways; `needs` by conversation id, `chunks` by path.

    A question that cannot be resolved counts zero and is listed with its error.
    """
    alone = [_item(one, needs[one.id], chunks) for one in judged.conversations]
    resolved, errors = [], {}
    for one, item in zip(judged.conversations, alone, strict=True):
        try:
            question = resolver(item.question, [turn.question for turn in one.turns[:-1]])
            resolved.append(replace(item, question=question))
        except Exception as failure:  # as in `run`: one failure must not hide the others
            errors[one.id] = f"{type(failure).__name__}: {failure}"
            resolved.append(replace(item, question=""))
    before = execute(alone, searcher, None, k=k).records
    after = execute(resolved, searcher, None, k=k).records
    return ConversationFigures(
        set=SetFacts(
            name=judged.name, sha256=judged.sha256, questions=len(alone), answerable=len(alone)
        ),
        alone=figures(before),
        resolved=figures(after),
        p_value={name: _p(before, after, name) for name in TESTED},
        records=[
            _follow_up(one, left, right, errors.get(one.id))
            for one, left, right in zip(judged.conversations, before, after, strict=True)
        ],
    )


def _item(
    one: Conversation, needs: tuple[Need, ...], chunks: Mapping[str, Sequence[Chunk]]
) -> Item:
    return Item(
        id=one.id,
        lang=one.lang,
        question=one.turns[-1].question,
        type=one.type,
        tags=tuple(one.tags),
        cluster=one.cluster,
        answerable=True,
        needs=needs,
        judged=judge(needs, chunks),
    )


def _p(before: Sequence[Record], after: Sequence[Record], measure: str) -> float:
    pairs = zip(before, after, strict=True)
    differences = [right.measures[measure] - left.measures[measure] for left, right in pairs]
    return randomisation_test(np.asarray(differences), [record.cluster for record in before])


def _follow_up(one: Conversation, left: Record, right: Record, error: str | None) -> FollowUp:
    return FollowUp(
        id=one.id,
        cluster=one.cluster,
        lang=one.lang,
        type=one.type,
        history=[turn.question for turn in one.turns[:-1]],
        question=left.question,
        resolved=right.question,
        error=error or right.error,
        alone=left.measures,
        with_history=right.measures,
    )
