"""Figures of what is harmonized without a mask: those of report 003, and how far a detector and its confidence can be trusted.

Scores are rows of ``judging.JUDGED`` of composites as a frame; a panel without numbers is left out.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from imharmony.blind.judging import BLIND, TRUE_MASK
from imharmony.blind.summary import COMPARED
from imharmony.metrics.detection import risk_coverage
from reporting.figures import COLOURS, DASHES, INK, STYLE

BINS = 40
TAIL = 0.01  # of either side, which the outermost bins hold together with what is beyond
MOST_POINTS = 200  # of a curve
TITLES = {"mse": "MSE", "psnr": "PSNR, dB", "lpips": "LPIPS"}
NAMES = {BLIND: "without a mask", TRUE_MASK: "with the true mask"}


def distributions_figure(rows: pd.DataFrame) -> Figure | None:
    """Report 003's figure 4: how many pictures have which score, without a mask and with the true one; None without any score."""
    values = {metric: wide[[*NAMES]].dropna(how="all") for metric, wide in _wide(rows).items()}
    return _panels(values, _distributions)


def differences_figure(rows: pd.DataFrame) -> Figure | None:
    """Report 003's figure 5: without a mask minus with the true one, picture by picture; None without any pair."""
    values = {metric: (wide[BLIND] - wide[TRUE_MASK]).dropna().to_frame() for metric, wide in _wide(rows).items()}
    return _panels(values, _differences)


def psychometric_figure(curves: pd.DataFrame) -> Figure:
    """Mean probability of a detection by the offset: each variant's line, and the observer's law."""
    with rc_context(STYLE):
        figure, axes = _one()
        for index, (variant, own) in enumerate(curves.groupby("variant", sort=False)):
            _line(axes, own["stops"], own["detected"], index, str(variant))
        law = curves.groupby("stops")["observer"].mean()
        axes.plot(law.index, law, color=INK, linewidth=1.2, linestyle=":", label="observer's law")
        _finish(axes, "offset of the foreground's lightness, stops", "probability of a detection")
    return figure


def calibration_figure(detected: pd.DataFrame) -> Figure:
    """The share of changed pixels among those of each probability; on the diagonal a probability means what it says."""
    with rc_context(STYLE):
        figure, axes = _one()
        axes.plot([0, 1], [0, 1], color=INK, linewidth=1.2, linestyle=":", label="what it should be")
        for index, row in enumerate(detected.to_dict(orient="records")):
            score, share = (np.array(row[name], dtype=np.float64) for name in ("bins_mean", "bins_share"))
            filled = np.isfinite(score)
            _line(axes, score[filled], share[filled], index, row["variant"])
        _finish(axes, "probability that the detector gives a pixel", "share of changed pixels")
    return figure


def risk_figure(judged: Mapping[str, pd.DataFrame]) -> Figure:
    """The share of pictures made worse if those of the highest risk are left as they are: a line for each variant."""
    with rc_context(STYLE):
        figure, axes = _one()
        for index, (variant, rows) in enumerate(judged.items()):
            own = rows[(rows["system"] == BLIND) & rows["risk"].notna()]
            curve = risk_coverage(own["risk"].to_numpy(np.float64), own["is_harm"].to_numpy(np.float64))
            shown = np.unique(np.linspace(0, len(curve.coverage) - 1, MOST_POINTS).astype(int)) if len(own) else []
            _line(axes, curve.coverage[shown], curve.harm_rate[shown], index, variant)
        _finish(axes, "share of pictures that are changed, those of the lowest risk", "share of these made worse")
    return figure


def _wide(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Each metric by picture (rows) and system (columns)."""
    own = rows[rows["system"].isin([*NAMES])]
    return {metric: own.pivot(index="sample_id", columns="system", values=metric).reindex(columns=[*NAMES]) for metric in COMPARED}


def _panels(values: Mapping[str, pd.DataFrame], draw: Callable[[Axes, pd.DataFrame, np.ndarray], None]) -> Figure | None:
    shown = {metric: wide for metric, wide in values.items() if wide.notna().any(axis=None)}
    if not shown:
        return None
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 2.9), layout="constrained")
        for axes, (metric, wide) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True):
            draw(axes, wide, _edges(wide.to_numpy().ravel()))
            axes.set_title(TITLES[metric])
            axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        handles, labels = figure.axes[0].get_legend_handles_labels()
        if labels:
            figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _distributions(axes: Axes, wide: pd.DataFrame, edges: np.ndarray) -> None:
    for index, (system, name) in enumerate(NAMES.items()):
        own = np.clip(wide[system].dropna(), edges[0], edges[-1])
        axes.hist(own, bins=list(edges), histtype="step", color=COLOURS[index], linestyle=DASHES[index], linewidth=1.6, label=name)
    axes.set_ylabel("composites")


def _differences(axes: Axes, wide: pd.DataFrame, edges: np.ndarray) -> None:
    axes.hist(np.clip(wide.to_numpy().ravel(), edges[0], edges[-1]), bins=list(edges), color=COLOURS[0])
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("difference")
    axes.set_ylabel("composites")


def _edges(values: np.ndarray) -> np.ndarray:
    low, high = np.nanquantile(values, [TAIL, 1 - TAIL])
    return np.linspace(low, high, BINS + 1) if high > low else np.linspace(low - 0.5, low + 0.5, BINS + 1)


def _one() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    return figure, figure.subplots()


def _line(axes: Axes, x: np.ndarray | pd.Series, y: np.ndarray | pd.Series, index: int, label: str) -> None:
    dashes = DASHES[(index + index // len(COLOURS)) % len(DASHES)]
    axes.plot(x, y, color=COLOURS[index % len(COLOURS)], linestyle=dashes, linewidth=1.6, label=label)


def _finish(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_ylim(-0.02, 1.02)
    axes.grid(alpha=0.25, color=INK, linewidth=0.5)
    axes.legend(fontsize=8)
