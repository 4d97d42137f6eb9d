"""Evaluation: judged questions, figures with intervals, comparisons, the gate, reports.

`suite.evaluate` runs a `judged` set against a `run.Subject`; `store` keeps the `Run`; `report` and
`markdown` show it; `compare` and `gate` hold it against another one or against what was expected.
"""
