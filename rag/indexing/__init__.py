"""The index: SQLite is the truth; the dense and the lexical index are derived from it.

    build.sync -> store (SQLite) -> dense and lexical checkpoints -> snapshot.Snapshot

`build.sync` is the one way in, `snapshot.Snapshot` the one way out, `verify.verify` the check of
everything in between. What is stored where, and why: docs/data-model.md.
"""
