"""Report 001's figure: what becomes of small details at the foreground's edge, pixel by pixel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from imharmony.evaluation.scoring import pictures_of
from imharmony.pictures.images import encode_jpeg, encode_png
from reporting.figures import STYLE
from reporting.gallery import data_uri

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit

SHARE = 4  # a detail's side is the picture's over this
EDGE = (0.25, 0.75)  # of a detail that is foreground
COLUMNS = 5


@dataclass(frozen=True)
class Window:
    """The square that is enlarged, in pixels."""

    top: int
    left: int
    side: int


@dataclass(frozen=True)
class Detail:
    """A test picture, where the detail is in it, and the detail of each method's output; composite and real first."""

    sample_id: str
    window: Window
    whole: np.ndarray  # the composite, uint8 (H, W, 3)
    crops: dict[str, np.ndarray]  # uint8 (side, side, 3)

    @property
    def whole_uri(self) -> str:
        """The composite for a page."""
        return data_uri("jpeg", encode_jpeg(self.whole, quality=92))

    @property
    def crop_uris(self) -> dict[str, str]:
        """The details for a page, to the level."""
        return {name: data_uri("png", encode_png(crop, level=9)) for name, crop in self.crops.items()}

    @property
    def errors(self) -> dict[str, float]:
        """Mean squared error of each detail against the real one."""
        real = self.crops["real"].astype(np.float64)
        return {name: float(np.square(crop - real).mean()) for name, crop in self.crops.items()}


def detail_of(split: "PackedSplit", sample_id: str, outputs: Mapping[str, np.ndarray]) -> Detail:
    """The detail of one test picture, by every method's output as a user gets it, uint8 (H, W, 3)."""
    place = split.rows["sample_id"].to_pylist().index(sample_id)
    composite, real, mask = pictures_of(split, place)
    window = busiest_edge(real, mask[0, 0].numpy(), side=max(8, len(real) // SHARE))
    rows, columns = (slice(start, start + window.side) for start in (window.top, window.left))
    pictures = {"composite": composite, "real": real, **outputs}
    return Detail(sample_id, window, composite, {name: np.ascontiguousarray(one[rows, columns]) for name, one in pictures.items()})


def busiest_edge(real: np.ndarray, mask: np.ndarray, *, side: int) -> Window:
    """The square across the foreground's edge in whose foreground the real photograph has most detail: the sum of its gradients.

    Where no square is across the edge, the one with most foreground detail. ``real`` is uint8 (H, W, 3), ``mask`` (H, W) in [0, 1].
    """
    grey = real.astype(np.float64).mean(-1)
    gradients = sum(np.abs(np.diff(grey, axis=axis, append=grey.take([-1], axis))) for axis in (0, 1))
    detail, cover = _sums(gradients * mask, side), _sums(mask.astype(np.float64), side) / side**2
    is_across = (cover >= EDGE[0]) & (cover <= EDGE[1])
    top, left = np.unravel_index(np.where(is_across | ~is_across.any(), detail, -1).argmax(), detail.shape)
    return Window(int(top), int(left), side)


def details_figure(details: list[Detail]) -> Figure:
    """The details as they are on the page, each pixel a square."""
    names = list(details[0].crops)
    lines = -(-len(names) // COLUMNS)
    with rc_context(STYLE):
        figure = Figure(figsize=(1.7 * COLUMNS, 1.95 * lines * len(details)), layout="constrained")
        panels = figure.subplots(lines * len(details), COLUMNS, squeeze=False)
        for axes in panels.flatten():
            axes.set_axis_off()
        for number, detail in enumerate(details):
            block = panels[number * lines : (number + 1) * lines].flatten()
            for axes, (name, crop) in zip(block, detail.crops.items(), strict=False):
                axes.imshow(crop, interpolation="nearest")
                axes.set_title(name if name != "composite" else f"composite {detail.sample_id}", fontsize=7)
    return figure


def _sums(values: np.ndarray, side: int) -> np.ndarray:
    """The sum over each square of a side, by its upper left corner."""
    table = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    return table[side:, side:] - table[:-side, side:] - table[side:, :-side] + table[:-side, :-side]
