"""Whatever happens to the sources, an updated index says what a fresh build would say."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rag.indexing import update
from rag.indexing.build import pending
from rag.indexing.verify import verify
from tests.indexing.helpers import SIZES, contents, index

# In memory where there is a place for it: the disk need not be asked for every flush.
BASE = "/dev/shm" if Path("/dev/shm").is_dir() else None
NAMES = st.sampled_from(["a.txt", "b.txt", "c.md", "sub/d.txt", "sub/deep/e.md"])
TEXTS = st.sampled_from(
    [
        "Roma è la capitale d'Italia.\n",
        "London is the capital of the United Kingdom.\n",
        "---\ntitle: Un titolo\ndate: 2024-05-06\n---\nUn testo con un titolo.\n",
        "Un paragrafo. " * 30 + "\n\n" + "Another one, in English. " * 20,
        "Perche\u0301 😀? Così 𝔘nicode.\r\nRiga.\r\n",
        "",
        "\0\0binary",
    ]
)


class Sources(RuleBasedStateMachine):
    """Adds, changes, copies, renames, deletes and touches files, and updates at times."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Path(tempfile.mkdtemp(prefix="fonte-test-", dir=BASE))
        self.docs = self.base / "docs"
        self.docs.mkdir()
        self.batch = update.BATCH_CHUNKS
        update.BATCH_CHUNKS = 3

    @initialize()
    def build(self) -> None:
        index(self.base / "idx", self.docs)

    @rule(name=NAMES, text=TEXTS)
    def write(self, name: str, text: str) -> None:
        path = self.docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        (self.docs / name).unlink(missing_ok=True)

    @rule(source=NAMES, to=NAMES, move=st.booleans())
    def copy_or_rename(self, source: str, to: str, move: bool) -> None:
        if not (self.docs / source).exists() or source == to:
            return
        (self.docs / to).parent.mkdir(parents=True, exist_ok=True)
        (shutil.move if move else shutil.copy2)(self.docs / source, self.docs / to)

    @rule(first=NAMES, second=NAMES)
    def swap(self, first: str, second: str) -> None:
        one, two = self.docs / first, self.docs / second
        if one.exists() and two.exists():
            contents_of_one = one.read_bytes()
            one.write_bytes(two.read_bytes())
            two.write_bytes(contents_of_one)

    @rule(name=NAMES)
    def update_one(self, name: str) -> None:
        index(self.base / "idx", self.docs, only=[name])

    @rule(rebuild=st.booleans())
    def update_all(self, rebuild: bool) -> None:
        changes = pending(self.base / "idx", self.docs, **SIZES)
        report = index(self.base / "idx", self.docs, rebuild=rebuild)
        if not rebuild:
            left_out = {skip.path for skip in report.skipped}
            assert set(report.added) == set(changes.added) - left_out
            assert set(report.changed) == set(changes.changed) - left_out
        assert not pending(self.base / "idx", self.docs, **SIZES)
        shutil.rmtree(self.base / "fresh", ignore_errors=True)
        index(self.base / "fresh", self.docs)
        assert contents(self.base / "idx") == contents(self.base / "fresh")

    @invariant()
    def whole(self) -> None:
        if (self.base / "idx").exists():
            assert verify(self.base / "idx") == []

    def teardown(self) -> None:
        update.BATCH_CHUNKS = self.batch
        shutil.rmtree(self.base)


TestSources = Sources.TestCase
TestSources.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
