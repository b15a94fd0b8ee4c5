"""The report's figures: SVG that follows the reader's light or dark theme, and PNG for other uses. Equal data give equal bytes."""

from collections.abc import Iterable
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from imharmony.evaluation.summary import REFERENCE
from imharmony.storage.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

INK = "#010203"  # stands for the page's text colour; no other element may use it
# Each at least 3:1 against the page's light and dark paper; lines differ in dashes too, so that colour is not all.
COLOURS = ("#2a7fd4", "#d9541e", "#129e76", "#b565a7", "#8a7f1f", "#7a6ff0")
LEGEND_COLUMNS = 4
DASHES = ("-", "--", "-.", (0, (1, 1.2)), (0, (6, 1, 1, 1, 1, 1)), (0, (8, 2)))
STYLE: "dict[RcKeyType, Any]" = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "font.size": 9.5,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "harmonization",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
LOSSES = {"g_loss": "harmonizer", "d_loss": "critic"}
THEME = "<style>svg{color:#24292f}@media (prefers-color-scheme:dark){svg{color:#e4e2dd}}</style>"


class Drawing(NamedTuple):
    """A figure on the page; its caption says what it means."""

    title: str
    caption: str
    svg: str


def svg_of(figure: Figure) -> str:
    """The figure as SVG on a clear ground, its ink in the colour of the reader's theme."""
    buffer = StringIO()
    with rc_context(STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    head, body = buffer.getvalue().replace(INK, "currentColor").split("<defs>", 1)
    return f"{head}{THEME}<defs>{body}"


def write_png(figure: Figure, path: Path) -> None:
    """The figure as PNG on white."""
    buffer = BytesIO()
    with rc_context(STYLE):
        figure.savefig(buffer, format="png", dpi=150, facecolor="white", metadata={"Software": None})
    write_bytes(path, buffer.getvalue())


def gains_figure(summary: pd.DataFrame, dataset: str, methods: list[str]) -> Figure:
    """Each method's change of the foreground error against the composite, with its interval, where it is known."""
    rows = summary[(summary["dataset"] == dataset) & (summary["bucket"] == "all") & (summary["metric"] == "fmse")].set_index("method")
    rows = rows.loc[[method for method in methods if method != REFERENCE and method in rows.index]].sort_values(
        "difference", ascending=False
    )
    with rc_context(STYLE):
        figure = Figure(figsize=(7.2, 0.9 + 0.34 * len(rows)), layout="constrained")
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=0.8)
        for position, (_, row) in enumerate(rows.iterrows()):
            better = COLOURS[2] if row["difference_high"] < 0 else COLOURS[1] if row["difference_low"] > 0 else COLOURS[4]
            axes.plot([row["difference_low"], row["difference_high"]], [position, position], color=better, linewidth=2.2)
            axes.plot(row["difference"], position, "o", color=better, markersize=6)
        axes.set_yticks(range(len(rows)), [str(name) for name in rows.index])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("change of fMSE against the composite (left is better), 95 % interval")
    return figure


def training_figures(histories: dict[str, pd.DataFrame], folder: Path) -> dict[str, str]:
    """The figures of training as SVG by their descriptions, written as PNG too; none without a curve."""
    if not histories:
        return {}
    figures = {"validation": validation_figure(histories), "losses": losses_figure(histories)}
    for name, figure in figures.items():
        write_png(figure, folder / f"{name}.png")
    return {
        "Error on the validation photographs by epoch; left on a logarithmic scale": svg_of(figures["validation"]),
        "Training losses by epoch, each on its own scale": svg_of(figures["losses"]),
    }


def validation_figure(histories: dict[str, pd.DataFrame]) -> Figure:
    """Validation error of all variants by epoch."""
    rows_of_legend = -(-len(histories) // LEGEND_COLUMNS)
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 3.2 + 0.2 * rows_of_legend), layout="constrained")
        panels = figure.subplots(1, 2)
        for axes, column, title in zip(panels, ("val_fmse", "val_psnr"), ("Validation fMSE", "Validation PSNR, dB"), strict=True):
            for index, (variant, history) in enumerate(histories.items()):
                _line(axes, history["epoch"], history[column], index, variant)
            _finish(axes, title)
        _logarithmic(panels[0])
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(LEGEND_COLUMNS, max(1, len(labels))))
    return figure


def losses_figure(histories: dict[str, pd.DataFrame]) -> Figure:
    """Training losses, one panel per variant: their scales do not compare."""
    columns = min(4, len(histories))
    lines = -(-len(histories) // columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 2.3 * lines), layout="constrained")
        panels = figure.subplots(lines, columns, squeeze=False).flatten()
        for axes, (variant, history) in zip(panels, histories.items(), strict=False):
            shown = [column for column in LOSSES if column in history and history[column].notna().any()]
            for index, column in enumerate(shown):
                _line(axes, history["epoch"], history[column], index, LOSSES[column])
            axes.legend(fontsize=8)
            if (history[shown].dropna() > 0).all(axis=None):  # the untrained network has no losses
                _logarithmic(axes)
            _finish(axes, variant)
        for axes in panels[len(histories) :]:
            axes.set_visible(False)
    return figure


def ratio_figure(ratios: Iterable[float], edges: tuple[float, ...]) -> Figure:
    """How many composites have a foreground of which share of the picture; dashed lines part the report's buckets."""
    with rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.2), layout="constrained")
        axes = figure.subplots()
        axes.hist([100 * ratio for ratio in ratios], bins=[2.5 * step for step in range(41)], color=COLOURS[0])
        for edge in edges:
            axes.axvline(100 * edge, color=INK, linewidth=0.8, linestyle="--")
        axes.set_xlabel("foreground, % of the picture")
        axes.set_ylabel("composites")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    return figure


def _line(axes: Axes, x: pd.Series, y: pd.Series, index: int, label: str) -> None:
    dashes = DASHES[(index + index // len(COLOURS)) % len(DASHES)]  # no pair of colour and dashes comes twice before all have come
    axes.plot(x, y, color=COLOURS[index % len(COLOURS)], linestyle=dashes, linewidth=1.6, label=label)


def _logarithmic(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.grid(alpha=0.25, color=INK, linewidth=0.5)
