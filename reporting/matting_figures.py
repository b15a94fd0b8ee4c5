"""Figures of matting and of what is harmonized by it: those of report 004 that are numbers, and what its critic knows."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from imharmony.matting.joint import FAKES
from reporting.figures import COLOURS, DASHES, INK, STYLE

Rows = Sequence[Mapping[str, Any]]
LABELS = {"composite": "I_c, own background", "disharmonious": "I_d, changed background", "harmonized": "I_h, harmonized"}
MOST_POINTS = 60  # of a curve: means of so many parts of the training
BANDS = {"band_mse_soft": "soft matte", "band_mse_hard": "the same, cut at a half", "band_mse_true_hard": "true matte, cut at a half"}


def bands_figure(bands: Rows) -> Figure:
    """Report 004's figure 2 as numbers: the error of composites around the edge, by soft and by hard mattes of each method."""
    with rc_context(STYLE):
        figure = Figure(figsize=(7.2, 1.2 + 0.34 * len(bands)), layout="constrained")
        axes = figure.subplots()
        for index, (column, label) in enumerate(BANDS.items()):
            marks = ("o", "s", "|")[index]
            axes.plot([row[column] for row in bands], range(len(bands)), marks, color=COLOURS[index], markersize=7, label=label)
        axes.set_yticks(range(len(bands)), [row["method"] for row in bands])
        axes.set_ylim(-0.6, len(bands) - 0.4)
        axes.set_xlim(left=0)
        axes.set_xlabel("mean squared error of the composite around the edge, levels\N{SUPERSCRIPT TWO}")
        axes.legend(fontsize=8)
    return figure


def lambda_figure(lambdas: Mapping[float, str], harmonized: Rows) -> Figure:
    """Report 004's figure 5 as numbers: how the background's lightness and its distance from the person's colour change."""
    cells = {(row["system"], row["measure"]): row for row in harmonized}
    titles = {"lightness_change": "lightness", "distance_change": "distance from the person's colour"}
    with rc_context(STYLE):
        figure = Figure(figsize=(7.2, 3.0), layout="constrained")
        for place, (measure, title) in enumerate(titles.items()):
            axes = figure.add_subplot(1, 2, place + 1)
            axes.axhline(0, color=INK, linewidth=0.8)
            rows = [cells[name, measure] for name in lambdas.values() if (name, measure) in cells]
            for position, row in enumerate(rows):
                if row["low"] is not None:
                    axes.plot([position, position], [row["low"], row["high"]], color=COLOURS[place], linewidth=2)
                axes.plot(position, row["mean"], "o", color=COLOURS[place])
            axes.set_xticks(range(len(lambdas)), [f"{value:g}" for value in lambdas])
            axes.set_xlabel("second lambda")
            axes.set_title(f"{title}, change in CIELAB units")
    return figure


def accuracy_figure(history: pd.DataFrame) -> Figure:
    """The critic's accuracy for each kind of fake over a training."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.subplots()
        means = _parts(history)
        for index, name in enumerate(FAKES):
            axes.plot(means["step"], means[f"accuracy_{name}"], color=COLOURS[index], linestyle=DASHES[index], label=LABELS[name])
        axes.axhline(0.5, color=INK, linewidth=0.8, linestyle=":")
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("step")
        axes.set_ylabel("share told from the photograph")
        axes.legend(fontsize=8)
    return figure


def drift_figure(histories: Mapping[str, pd.DataFrame]) -> Figure:
    """The critic's mean score of photographs, which means nothing by itself: its level drifts where nothing holds it."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.subplots()
        for index, (name, history) in enumerate(histories.items()):
            means = _parts(history)
            dashes = DASHES[(index + index // len(COLOURS)) % len(DASHES)]
            axes.plot(means["step"], means["real_score"], color=COLOURS[index % len(COLOURS)], linestyle=dashes, label=name)
        axes.axhline(0, color=INK, linewidth=0.8, linestyle=":")
        axes.set_xlabel("step")
        axes.set_ylabel("score")
        axes.legend(fontsize=8)
    return figure


def _parts(history: pd.DataFrame) -> pd.DataFrame:
    """Means of a training's parts."""
    width = -(-len(history) // MOST_POINTS)
    return history.groupby(history["step"] // width, sort=True).mean()
