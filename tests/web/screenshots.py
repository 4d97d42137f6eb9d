"""The pictures in docs/screenshots, taken of a running service.

rag serve &
python -m tests.web.screenshots --url http://127.0.0.1:8000 --out docs/screenshots
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.web.conftest import ARGUMENTS, find_browser

ITALIAN = "Che cosa ha detto Rubio sull’adesione di Astana?"
ENGLISH = "How many agreements did the United States and Kazakhstan sign?"
REFUSED = "Who won the Sanremo festival in 1987?"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def ask(page: Any, question: str) -> Any:
    """Ask and wait for the answer."""
    before = page.locator(".turn").count()
    page.locator("#question").fill(question)
    page.keyboard.press("Enter")
    turn = page.locator(".turn").nth(before)
    turn.locator(".tools").wait_for()
    return turn


def opened(page: Any, question: str) -> None:
    """An answer with its source beside it."""
    ask(page, question).locator(".source").first.click()
    page.locator("mark.current").first.wait_for()
    page.wait_for_timeout(400)


def about(page: Any) -> None:
    """An answer unfolded."""
    turn = ask(page, ENGLISH)
    turn.locator(".about summary").click()


def documents(page: Any) -> None:
    """The list of documents and the filters."""
    page.locator("#open-documents").click()
    page.locator("#panel .item").first.wait_for()
    page.locator("#filter").click()


SHOTS: list[tuple[str, dict[str, Any], Callable[[Any], Any]]] = [
    ("empty-it", {"locale": "it-IT"}, lambda page: None),  # noqa: ARG005
    ("answer-en", {"locale": "en-GB"}, lambda page: opened(page, ENGLISH)),
    ("answer-it", {"locale": "it-IT"}, lambda page: opened(page, ITALIAN)),
    ("dark-en", {"locale": "en-GB", "color_scheme": "dark"}, lambda page: opened(page, ENGLISH)),
    ("refusal-en", {"locale": "en-GB"}, lambda page: ask(page, REFUSED)),
    ("about-en", {"locale": "en-GB"}, about),
    ("documents-it", {"locale": "it-IT"}, documents),
    ("phone-it", {"locale": "it-IT", "viewport": PHONE}, lambda page: ask(page, ITALIAN)),
    ("phone-source-it", {"locale": "it-IT", "viewport": PHONE}, lambda p: opened(p, ITALIAN)),
]


def main() -> None:
    """Take them all."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        for name, options, act in SHOTS:
            context = browser.new_context(**{"viewport": WIDE, **options})
            page = context.new_page()
            page.goto(given.url)
            page.locator(".welcome .item").first.wait_for()
            act(page)
            page.mouse.move(0, 0)
            page.screenshot(path=given.out / f"{name}.png")
            context.close()


if __name__ == "__main__":
    main()
