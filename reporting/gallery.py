"""The test images that a method helped and harmed most, with what every method made of them."""

import base64
from dataclasses import dataclass

import numpy as np
import pandas as pd

from imharmony.evaluation.score_sets import ScoreSet, headline_block
from imharmony.evaluation.summary import REFERENCE
from imharmony.pictures.images import encode_jpeg, encode_png
from imharmony.running.progress import track
from reporting.pictures import QUALITY, Pictures

MOST_ZOOM = 6.0
BEST_SHOWN = 3  # of a case's methods, beside the worst


@dataclass(frozen=True)
class Picture:
    """One picture of a case as a data URI; ``fmse`` is None for the mask and the real photograph."""

    title: str
    uri: str
    fmse: float | None = None
    psnr: float | None = None
    is_method: bool = False


@dataclass(frozen=True)
class Focus:
    """Where the foreground is: its middle in percent of the picture, and how often it fits into it."""

    x: float
    y: float
    scale: float


@dataclass(frozen=True)
class Case:
    """One test image. ``shown`` are composite, real, the best three methods and the worst on this image; ``others`` mask and the rest."""

    sample_id: str
    foreground_ratio: float
    gain: float  # fMSE of the composite minus fMSE of the judged method's output
    shown: list[Picture]
    others: list[Picture]
    focus: Focus


@dataclass(frozen=True)
class Example:
    """A method's output beside composite and real, in this order: composite, real, output."""

    sample_id: str
    method: str
    pictures: list[Picture]


@dataclass(frozen=True)
class Errors:
    """fMSE and PSNR under the headline protocol, by sample (rows) and method (columns); one seed of each method."""

    fmse: pd.DataFrame
    psnr: pd.DataFrame

    def of(self, sample_id: str, method: str) -> tuple[float, float]:
        """fMSE and PSNR of a picture; NaN where they are not known."""
        own = (part[method].to_dict() if method in part else {} for part in (self.fmse, self.psnr))
        fmse, psnr = (float(values.get(sample_id, np.nan)) for values in own)
        return fmse, psnr


def errors_of(scores: ScoreSet, *, seeds: dict[str, int]) -> Errors:
    """What the pictures of a data set are captioned with, those of ``seeds`` by method. ``scores`` are those of the data set."""
    block = headline_block(scores)
    chosen = {method: place for place, (method, seed) in enumerate(block.cells) if seeds.get(method) == seed}
    frames = []
    for metric in ("fmse", "psnr_255"):
        at = [place for place, column in enumerate(block.columns) if column.metric == metric]
        own = {method: block.values[place][:, at[0]] for method, place in chosen.items()} if at else {}
        frames.append(pd.DataFrame(own, index=pd.Index(block.samples)).dropna(axis=1, how="all").sort_index())
    return Errors(*frames)


def cases(
    dataset: str, errors: Errors, pictures: Pictures, methods: list[str], *, judged: str, count: int
) -> tuple[list[Case], list[Case]]:
    """The best and the worst cases of ``judged``, ``count`` in all, by the gain in foreground error."""
    gain = (errors.fmse[REFERENCE] - errors.fmse[judged]).dropna().sort_values(ascending=False, kind="stable")
    worst_count = min(count, len(gain)) // 2
    best_count = min(count, len(gain)) - worst_count
    names = [*gain.index[:best_count], *gain.index[::-1][:worst_count]]
    found = [
        _case(dataset, str(name), float(gain[name]), errors, pictures, methods)
        for name in track(names, total=len(names), what=f"report: gallery of {dataset}", unit="cases")
    ]
    return found[:best_count], found[best_count:]


def example_of(dataset: str, sample_id: str, errors: Errors, pictures: Pictures, method: str) -> Example:
    """One method's picture of one image for the head of the page."""
    composite, real, _ = _given(dataset, sample_id, errors, pictures)
    return Example(sample_id, method, [composite, real, _made(dataset, sample_id, errors, pictures, method)])


def data_uri(kind: str, data: bytes) -> str:
    """A picture's file as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _case(dataset: str, sample_id: str, gain: float, errors: Errors, pictures: Pictures, methods: list[str]) -> Case:
    composite, real, mask = _given(dataset, sample_id, errors, pictures)
    ordered = sorted(methods, key=lambda name: (np.nan_to_num(errors.of(sample_id, name)[0], nan=np.inf), name))
    first = ordered if len(ordered) <= BEST_SHOWN else [*ordered[:BEST_SHOWN], ordered[-1]]
    made = {name: _made(dataset, sample_id, errors, pictures, name) for name in ordered}
    split, place = pictures.split(dataset), pictures.place(dataset, sample_id)
    return Case(
        sample_id=sample_id,
        foreground_ratio=split.rows["foreground_ratio"][place].as_py(),
        gain=gain,
        shown=[composite, real, *(made[name] for name in first)],
        others=[mask, *(made[name] for name in ordered if name not in first)],
        focus=_focus(split.mask[place]),
    )


def _given(dataset: str, sample_id: str, errors: Errors, pictures: Pictures) -> tuple[Picture, Picture, Picture]:
    """Composite, real and mask."""
    split, place = pictures.split(dataset), pictures.place(dataset, sample_id)
    composite, real = (encode_jpeg(np.array(part[place]), quality=QUALITY) for part in (split.composite, split.real))
    return (
        Picture("composite", data_uri("jpeg", composite), *errors.of(sample_id, REFERENCE)),
        Picture("real", data_uri("jpeg", real)),
        Picture("mask", data_uri("png", encode_png(np.array(split.mask[place]), level=9))),
    )


def _made(dataset: str, sample_id: str, errors: Errors, pictures: Pictures, method: str) -> Picture:
    return Picture(method, data_uri("jpeg", pictures.jpeg(method, dataset, sample_id)), *errors.of(sample_id, method), is_method=True)


def _focus(mask: np.ndarray) -> Focus:
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    (top, bottom), (left, right) = ((int(found[0]), int(found[-1]) + 1) if len(found) else (0, len(mask)) for found in (rows, columns))
    size = len(mask)
    scale = min(MOST_ZOOM, size / max(bottom - top, right - left))
    return Focus(x=round(50 * (left + right) / size, 1), y=round(50 * (top + bottom) / size, 1), scale=round(scale, 2))
