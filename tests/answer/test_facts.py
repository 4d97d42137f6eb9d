from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.facts import distance, months, names, numbers, same_name


def values(text: str) -> set[float]:
    return {value for number in numbers(text) for value in number.values}


@pytest.mark.parametrize(
    ("italian", "english"),
    [
        ("17 miliardi", "17 billion"),
        ("4,5 milioni di tonnellate", "4.5 million tonnes"),
        ("200.000 tonnellate", "200,000 tonnes"),
        ("un miliardo", "1 billion"),
        ("tre accordi", "three agreements"),
        ("il 62%", "62 per cent"),
        ("17.786.419", "17,786,419"),
        ("mln 3, cioè 3 mln", "3 million"),
    ],
)
def test_one_number_in_two_languages(italian: str, english: str) -> None:
    assert values(italian) & values(english)


def test_scale_words_matter() -> None:
    assert not values("17 accordi") & values("17 miliardi")
    assert not values("25 miliardi") & values("40 miliardi")
    assert values("1.5") == {1.5}
    assert values("risoluzione 77/284") == {77.0, 284.0}


def test_footnote_marks_are_no_numbers_and_offsets_hold() -> None:
    text = "vale 43 miliardi di dollari.[4] Poi 5,5."
    assert [text[n.start : n.end] for n in numbers(text)] == ["43 miliardi", "5,5"]


def test_months() -> None:
    assert months("il 7 nov. 2025, a maggio e in March") == {5, 11}
    assert months("7 March 2025") == {3}
    assert months("you may go") == set()


def test_names() -> None:
    found = names("Secondo Trump, l’UE e la Turchia. Astana però è contraria.")
    assert [(n.text, n.initial) for n in found] == [
        ("Secondo", True), ("Trump", False), ("UE", False), ("Turchia", False), ("Astana", True),
    ]  # fmt: skip
    assert names("CHI HA FIRMATO GLI ACCORDI DI ABRAMO?") == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Toqaev", "Tokayev"), ("Kazakistan", "Kazakhstan"), ("kazako", "Kazakistan"),
        ("Zelenskyy", "Zelensky"), ("UE", "EU"), ("ONU", "UN"), ("Iran", "iraniano"),
        ("Tagikistan", "Tajikistan"), ("Perù", "Peru"),
    ],
)  # fmt: skip
def test_one_name_spelt_in_two_ways(one: str, two: str) -> None:
    assert same_name(one, two)
    assert same_name(two, one)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Iran", "Iraq"), ("Austria", "Australia"), ("Niger", "Nigeria"),
        ("Uzbekistan", "Kazakistan"), ("Slovenia", "Slovacchia"), ("UE", "USA"),
        ("Pakistan", "Kazakistan"),
    ],
)  # fmt: skip
def test_names_that_only_look_alike(one: str, two: str) -> None:
    assert not same_name(one, two)


@given(st.text(), st.text())
def test_distance_is_a_symmetric_bound(one: str, two: str) -> None:
    assert distance(one, two, 3) == distance(two, one, 3)
    assert (distance(one, two, 3) == 0) == (one == two)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for fact in [*numbers(text), *names(text)]:
        assert 0 <= fact.start < fact.end <= len(text)
    months(text)
