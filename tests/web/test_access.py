"""axe finds nothing serious in any state of the page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.serving import Served
from tests.web.conftest import OpenPage, Watched

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
QUESTION = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"
REFUSED = "Chi ha vinto il festival di Sanremo nel 1987?"


def check(seen: Watched, state: str) -> None:
    found: Any = axe.Axe().run(seen.page).response["violations"]
    serious = [
        (one["id"], [node["html"][:120] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == [], state


@pytest.mark.parametrize(
    ("dark", "phone", "locale"), [(False, False, "it"), (True, False, "en"), (False, True, "en")]
)
def test_axe(served: Served, look: OpenPage, dark: bool, phone: bool, locale: str) -> None:
    seen = look(served, dark=dark, phone=phone, locale=locale).open()
    page = seen.page
    check(seen, "empty")
    page.locator("#filter").click()
    check(seen, "filters")
    page.locator("#filter").click()
    turn = seen.ask(QUESTION)
    turn.locator(".about summary").click()
    check(seen, "answer")
    turn.locator(".source").first.click()
    seen.highlighted()
    check(seen, "document")
    page.keyboard.press("Escape")
    seen.ask(REFUSED)
    check(seen, "refusal")
    page.locator("#open-documents").click()
    check(seen, "documents")
    page.goto(served.url + "/docs")
    page.locator(".operation summary").first.click()
    check(seen, "reference")
