"""Plots as SVG text, the same bytes every time, drawn in colours that read on light and dark."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from rag.core.errors import EvalError
from rag.evaluate.measures import DEPTH
from rag.evaluate.statistics import Bin, percentile
from rag.evaluate.tables import LANGUAGE_NAMES

INK = "#010203"  # stands for the page's text colour, which matplotlib cannot know
SERIES = ("#3b82c4", "#d9822b", "#3f9b63", "#9467bd")
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": INK,
    "grid.alpha": 0.12,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


def recall_by_k(curves: Mapping[str, Sequence[float]]) -> str:
    """Recall at 1 to 10, a line for each slice."""
    with _Plot("recall") as plot:
        for colour, (name, values) in zip(SERIES, curves.items(), strict=False):
            label = LANGUAGE_NAMES.get(name, name)
            style = {"linestyle": (0, (4, 2)), "linewidth": 1.2} if name == "all" else {}
            plot.axes.plot(
                range(1, DEPTH + 1), values, marker="o", ms=3.5, color=colour, label=label, **style
            )
        lowest = min((min(values) for values in curves.values()), default=0.0)
        plot.axes.set_ylim(max(0.0, lowest - 0.08), 1.02)
        plot.axes.set_xticks(range(1, DEPTH + 1))
        plot.axes.set_xlabel("passages looked at (k)")
        plot.axes.set_ylabel("recall@k")
        plot.axes.legend(loc="lower right")
    return plot.svg


def reliability(curve: Sequence[Bin]) -> str:
    """Stated confidence against the share that was answerable; dots grow with their questions."""
    with _Plot("reliability") as plot:
        plot.axes.plot([0, 1], [0, 1], color=INK, alpha=0.35, linewidth=1, linestyle=(0, (4, 3)))
        xs, ys = [one.confidence for one in curve], [one.share for one in curve]
        plot.axes.plot(xs, ys, color=SERIES[0])
        most = max((one.n for one in curve), default=1)
        sizes = [25 + 150 * one.n / most for one in curve]
        plot.axes.scatter(xs, ys, s=sizes, color=SERIES[0], zorder=3)
        for one in curve:
            plot.axes.annotate(
                str(one.n),
                (one.confidence, one.share),
                textcoords="offset points",
                xytext=(9, -9),
                fontsize=8,
                alpha=0.75,
            )
        plot.axes.set_xlim(-0.03, 1.03)
        plot.axes.set_ylim(-0.05, 1.05)
        plot.axes.set_xlabel("stated confidence (mean of the bin)")
        plot.axes.set_ylabel("share that is answerable")
    return plot.svg


def latency(stages: Mapping[str, Sequence[float]]) -> str:
    """Share of questions done within a time, a step line for each stage; dots at p50 and p95."""
    with _Plot("latency") as plot:
        for colour, (stage, values) in zip(SERIES, stages.items(), strict=False):
            ordered = sorted(values)
            shares = [(at + 1) / len(ordered) for at in range(len(ordered))]
            plot.axes.step(ordered, shares, where="post", color=colour, label=stage)
            marks = [percentile(ordered, share) for share in (0.5, 0.95)]
            plot.axes.plot(marks, [0.5, 0.95], "o", ms=4.5, color=colour)
        plot.axes.set_xscale("log")
        plot.axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        plot.axes.set_ylim(0, 1.03)
        plot.axes.set_xlabel("milliseconds")
        plot.axes.set_ylabel("share of questions")
        plot.axes.legend(loc="lower right")
    return plot.svg


class _Plot:
    """One figure with one pair of axes; `svg` holds its text after the block."""

    svg: str
    axes: Any

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> _Plot:
        try:
            import matplotlib
            from matplotlib.figure import Figure
        except ImportError:
            raise EvalError(
                "The report needs the package matplotlib.",
                "Install it with: pip install 'fonte[eval]'",
            ) from None
        self._settings = matplotlib.rc_context(_SETTINGS | {"svg.hashsalt": self._name})
        self._settings.__enter__()
        self._figure = Figure(figsize=(4.6, 3.2), layout="constrained")
        self.axes = self._figure.add_subplot()
        return self

    def __exit__(self, *failure: Any) -> None:
        try:
            if failure[0] is None:
                self.svg = self._draw()
        finally:
            self._settings.__exit__(*failure)

    def _draw(self) -> str:
        buffer = StringIO()
        self._figure.savefig(
            buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
        text = buffer.getvalue()
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'role="img"', text, count=1)
        # Element ids must be unique in the page that several plots are put into.
        text = re.sub(r'id="(?!\w+-)', f'id="{self._name}-', text)
        text = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{self._name}-", text)
        return text.replace(INK, "currentColor")
