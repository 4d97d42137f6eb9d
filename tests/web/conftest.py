"""A real browser, and services for it to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SEEDS
from tests.service.serving import Served, serve

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-gpu",
]  # fmt: skip
WAIT_MS = 60_000


def find_browser() -> str | None:
    """The browser named by CHROMIUM, else one on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CANDIDATES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium found: install it (apt-get install chromium) or set CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


class Watched:
    """A page that notes what it must never do."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self.dialogs: list[str] = []
        self.foreign: list[str] = []
        self.errors: list[str] = []
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_default_timeout(WAIT_MS)

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, path: str = "/") -> Watched:
        """Open the page and wait until it can be asked."""
        self.page.goto(self.url + path)
        self.page.locator(".turns > *").first.wait_for()
        return self

    def ask(self, question: str) -> Any:
        """Ask, wait for the end, and give the turn."""
        before = self.page.locator(".turn").count()
        self.page.locator("#question").fill(question)
        self.page.locator("#send:enabled").wait_for()
        self.page.keyboard.press("Enter")
        turn = self.page.locator(".turn").nth(before)
        turn.locator(".tools, .failure").first.wait_for()
        return turn

    def highlighted(self) -> str:
        """The text of the current mark, as the page shows it."""
        self.page.locator("mark.current").first.wait_for()
        return "".join(self.page.locator("mark.current").all_text_contents())

    def fine(self) -> None:
        """Nothing forbidden happened."""
        assert self.dialogs == []
        assert self.foreign == []
        assert self.errors == []


OpenPage = Callable[..., Watched]


@pytest.fixture
def look(browser: Any) -> Iterator[OpenPage]:
    """look(served, locale=…, dark=…, phone=…) gives a watched page in a context of its own."""
    contexts = []

    def make(
        served: Served, *, locale: str = "it-IT", dark: bool = False, phone: bool = False
    ) -> Watched:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 820}
        context = browser.new_context(
            locale=locale, color_scheme="dark" if dark else "light", viewport=size,
            has_touch=phone, permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        contexts.append(context)
        return Watched(context.new_page(), served.url)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def served(seeds_index: Path) -> Iterator[Served]:
    """A service over the seeds, for reading only."""
    with serve(index=seeds_index, sources=SEEDS) as running:
        yield running
