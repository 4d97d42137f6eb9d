"""Training of the translation table that ships with the package.

    python -m training.translation [--data DIR] [--output FILE]

`lexicons` and `align` read the sources, `estimate` joins them into probabilities, `__main__` writes
the table with `rag.indexing.translate.write_table`. Two cores need about a minute.
"""
