"""Pictures of a training, for MLflow's run page: a pure function each, numbers in and a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOUR, OTHER, FAINT = "#1f6feb", "#9a6700", "#8c959f"
Row = Mapping[str, Any]


def accuracy(rows: Sequence[Row], protocol: str, challenger: str) -> Figure:
    """Return each model's nDCG@10 with its 95 % interval, the best on top."""
    measured = [row for row in rows if _is(row, protocol, "ndcg") and row["value"] is not None]
    measured.sort(key=lambda row: row["value"])
    figure, axes = _new(f"nDCG@10 on {protocol}, with 95 % intervals", "nDCG@10")
    for place, row in enumerate(measured):
        low, high = row["value"] - (row["low"] or row["value"]), (row["high"] or row["value"]) - row["value"]
        colour = COLOUR if row["model"] == challenger else FAINT
        axes.errorbar(row["value"], place, xerr=[[low], [high]], fmt="o", color=colour, capsize=4)
        axes.annotate(
            f"{row['value']:.4f}", (row["value"], place), (0, 6), textcoords="offset points", ha="center", fontsize=8
        )
    axes.set_yticks(range(len(measured)), [row["model"] for row in measured])
    axes.set_ylim(-0.6, len(measured) - 0.3)
    return figure


def coverage(rows: Sequence[Row], protocol: str, challenger: str) -> Figure:
    """Return accuracy against the share of the films that are listed: up and to the right is better."""
    figure, axes = _new(f"Coverage against accuracy on {protocol}", "share of the films that are listed")
    axes.set_ylabel("nDCG@10")
    for model in dict.fromkeys(row["model"] for row in rows):
        x, y = (_value(rows, protocol, model, metric) for metric in ("coverage", "ndcg"))
        if x is None or y is None:
            continue
        axes.plot(x, y, "o", color=COLOUR if model == challenger else FAINT)
        _label(axes, model, x, y)
    axes.margins(0.15)
    return figure


def exposure(rows: Sequence[Row], protocol: str, challenger: str) -> Figure:
    """Return what share of all places ten films take in each model's lists: little is better."""
    measured = [row for row in rows if _is(row, protocol, "top_exposure") and row["value"] is not None]
    measured.sort(key=lambda row: -row["value"])
    figure, axes = _new("Share of all places that ten films take", "share of places")
    axes.barh(
        [row["model"] for row in measured], [row["value"] for row in measured],
        color=[COLOUR if row["model"] == challenger else FAINT for row in measured],
    )  # fmt: skip
    return figure


def weights(values: Mapping[str, float]) -> Figure:
    """Return what each channel of a blend counts."""
    ranked = sorted(values.items(), key=lambda item: item[1])
    figure, axes = _new("Weights of the blend's channels", "weight of a standard deviation")
    colours = [COLOUR if value > 0 else OTHER for _, value in ranked]
    axes.barh([name for name, _ in ranked], [value for _, value in ranked], color=colours)
    return figure


def champions(decisions: Sequence[Row]) -> Figure:
    """Return what was compared, decision by decision, the oldest first: who ranked, who asked, and what was said."""
    compared = [row for row in decisions if row["challenger_ndcg"] is not None]
    figure, axes = _new("Challengers and what ranked, decision by decision", "decision")
    axes.set_ylabel("nDCG@10")
    places = list(range(1, len(compared) + 1))
    axes.plot(places, [row["champion_ndcg"] for row in compared], "_", color=FAINT, markersize=14, label="what ranked")
    for promoted, mark, label in ((True, "o", "promoted"), (False, "x", "not promoted")):
        chosen = [(place, row) for place, row in zip(places, compared, strict=True) if row["promoted"] is promoted]
        axes.plot(
            [place for place, _ in chosen], [row["challenger_ndcg"] for _, row in chosen], mark,
            color=COLOUR if promoted else OTHER, label=label,
        )  # fmt: skip
    axes.set_xticks(places, [row["challenger"] for row in compared], rotation=45, ha="right", fontsize=7)
    axes.set_xlim(0.5, max(len(compared), 1) + 0.5)
    axes.legend(fontsize=8)
    return figure


def _new(title: str, label: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="tight")
    axes = figure.subplots()
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    return figure, axes


def _label(axes: Axes, text: str, x: float, y: float) -> None:
    axes.annotate(text, (x, y), (0, 6), textcoords="offset points", ha="center", fontsize=8)


def _is(row: Row, protocol: str, metric: str) -> bool:
    return bool((row["protocol"], row["metric"], row["segment"]) == (protocol, metric, "all"))


def _value(rows: Sequence[Row], protocol: str, model: str, metric: str) -> float | None:
    return next((row["value"] for row in rows if row["model"] == model and _is(row, protocol, metric)), None)
