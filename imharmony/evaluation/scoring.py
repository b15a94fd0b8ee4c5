"""Per-image scores of a method under every protocol.

A protocol is a background and a quantisation (``protocols``); the three peaks of PSNR are columns. Published tables differ in all
three. Peak ``psnr_255``: 255. ``psnr_target``: the largest value of the real photograph. ``psnr_range``: the output's maximum minus
its minimum, so that an output can raise its own score. Both are at most 255 and lower the PSNR: 0.9 dB at a peak of 230.

``fpsnr`` and the headline use 255. The headline is background composite, uint8, peak 255, mean over images.

What is computed is in the table of ``measures``. Some measures are those of the picture that a user gets, and null under the other
protocols; those of single conventions are null elsewhere, and their protocols have nothing but what the conventions count.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat, tee
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from imharmony.colour.ranges import mask_from_uint8
from imharmony.evaluation.compared import Pictures, Truth
from imharmony.evaluation.conventions import CONVENTIONS, HEADLINE
from imharmony.evaluation.measures import MEASURES, columns_of, values_of
from imharmony.evaluation.methods import Given, Harmonize, each_output
from imharmony.evaluation.protocols import ALL_PROTOCOLS, NAMESAKES, PROTOCOLS, Protocol, Scene, saved
from imharmony.metrics.perceptual import lpips
from imharmony.metrics.pictures import each_picture
from imharmony.metrics.weights import Weights
from imharmony.storage.shards import Row

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit

UNKNOWN = dict.fromkeys(MEASURES)
HEADLINE_ROW = PROTOCOLS.index(HEADLINE.protocol)
PIXELS_AT_ONCE = 2**16
FIRST_PX = 64  # of a foreground that is not flat they nearly always tell


def _own_columns() -> dict[Protocol, list[str]]:
    """What is computed for the conventions alone: all errors of protocols that only they have, their own measures of the others."""
    found: dict[Protocol, list[str]] = {protocol: [] for protocol in ALL_PROTOCOLS}
    for convention in CONVENTIONS.values():
        wanted = ("mse", convention.psnr, convention.fmse)
        for column in wanted:
            is_new = column not in found[convention.protocol]
            if column and is_new and (convention.protocol in NAMESAKES or MEASURES[column].of == "conventions"):
                found[convention.protocol].append(column)
    return {protocol: columns for protocol, columns in found.items() if columns}


COLUMNS = _own_columns()


def score_split(
    split: "PackedSplit",
    harmonize: Harmonize,
    *,
    names: Row,
    perceptual: nn.Module | None,
    repeats: bool = True,
    inputs: np.ndarray | None = None,
    on_output: Callable[[int, np.ndarray], object] | None = None,
) -> list[Row]:
    """The rows of ``measures.SCORES`` of one method on one split: every image under every protocol.

    ``names`` are the columns that all rows share: method, seed, dataset, code, data hash and what it learned from. ``inputs``
    (N, S, S, 3) are given to the method in place of the composites, over which its pictures are still pasted. Without ``repeats``,
    and with ``inputs``, which would have to be made anew, the method can make no second picture, and ``idempotence`` is null.
    ``on_output`` is given each composite's position and the method's own picture of it.
    """
    rows: list[Row] = []
    samples = split.rows.select(["sample_id", "image_id", "foreground_ratio"]).to_pylist()
    wheres = [f"{names['method']}: {names['dataset']}, image {sample['sample_id']}" for sample in samples]
    seen, firsts = tee(_harmonized(split, harmonize, wheres, inputs))
    has_second = repeats and inputs is None
    second = each_output(harmonize, (each.once_more() for each in firsts)) if has_second else repeat(None)
    for index, (sample, each, repeated) in enumerate(zip(samples, seen, second, strict=has_second)):
        if on_output:
            on_output(index, each.raw)
        scores = score_scene(each.scene, perceptual)
        if repeated is not None:
            again = saved(repeated, each.shown, each.scene.weights)
            scores[HEADLINE_ROW] |= values_of(Pictures(again, Truth(each.shown), each.shown, each.scene.weights), of="again")
        shared = {**names, **sample, "is_flat": is_flat(each.raw, each.composite, each.given.mask)}
        rows += [shared | score for score in scores]
    return rows


@dataclass(frozen=True)
class _Harmonized:
    """A method's own picture of what it was given, beside the composite, uint8 (H, W, 3), and the real photograph."""

    given: Given
    raw: np.ndarray
    composite: np.ndarray
    real: np.ndarray

    @cached_property
    def scene(self) -> Scene:
        return Scene.of(self.raw, self.composite, self.real, self.given.mask)

    @cached_property
    def shown(self) -> np.ndarray:
        return saved(self.raw, self.composite, self.scene.weights)

    def once_more(self) -> Given:
        return Given(self.shown, self.given.mask, f"{self.given.where}, harmonized once more")


def _harmonized(split: "PackedSplit", harmonize: Harmonize, wheres: Sequence[str], inputs: np.ndarray | None) -> Iterator[_Harmonized]:
    def each_given() -> Iterator[tuple[Given, np.ndarray, np.ndarray]]:
        for index, where in enumerate(wheres):
            composite, real, mask = pictures_of(split, index)
            yield Given(composite if inputs is None else np.array(inputs[index]), mask[0, 0].numpy(), where), composite, real

    seen, given = tee(each_given())
    for (each, composite, real), raw in zip(seen, each_output(harmonize, (each for each, *_ in given)), strict=True):
        yield _Harmonized(each, raw, composite, real)


def is_flat(raw: np.ndarray, composite: np.ndarray, mask: np.ndarray) -> bool:
    """Whether the output (H, W, 3), rounded, has one colour where the mask (H, W) is greatest, and the composite more than one."""
    inside = np.flatnonzero(mask == mask.max())
    if not all(_has_one_colour(raw, part) for part in (inside[:FIRST_PX], inside)):
        return False
    return not _has_one_colour(composite, inside)


def _has_one_colour(picture: np.ndarray, places: np.ndarray) -> bool:
    levels = picture.reshape(-1, picture.shape[2]).take(places, axis=0).round()
    return bool((levels == levels[0]).all())


def as_saved(raw: np.ndarray, composite: np.ndarray, mask: Tensor) -> np.ndarray:
    """The picture that a user gets, uint8 (H, W, 3): ``raw`` inside the mask (1, 1, H, W), the composite outside, rounded."""
    return saved(raw, composite, Weights.of(mask[0, 0].numpy()))


def score_images(*, raw: Tensor, composite: Tensor, real: Tensor, mask: Tensor, perceptual: nn.Module | None = None) -> list[Row]:
    """Scores of each image under every protocol, image after image.

    Images are uint8 or float (B, 3, H, W) in [0, 255], masks (B, 1, H, W) in [0, 1]; ``raw`` is the method's own picture.
    """
    scenes = zip(*(each_picture(batch) for batch in (raw, composite, real, mask)), strict=True)
    return [row for seen in scenes for row in score_scene(Scene.of(*seen), perceptual)]


def score_scene(scene: Scene, perceptual: nn.Module | None = None) -> list[Row]:
    """Scores of one image under every protocol."""
    compared = [scene.pictures(*protocol) for protocol in PROTOCOLS]
    if perceptual is not None:
        compared = [replace(seen, distance=each) for seen, each in zip(compared, _distances(compared, perceptual), strict=True)]
    by_protocol = [values_of(seen, of="protocols") for seen in compared]
    by_protocol[HEADLINE_ROW] |= values_of(compared[HEADLINE_ROW], of="user")
    for protocol, columns in COLUMNS.items():
        if protocol in NAMESAKES:
            by_protocol.append(columns_of(NAMESAKES[protocol](scene), columns))
        else:
            place = PROTOCOLS.index(protocol)
            by_protocol[place] |= columns_of(compared[place], columns)
    # What PCT-Net's code blends for its SSIM is the picture on the real background.
    by_protocol[ALL_PROTOCOLS.index(("weighed", "float"))]["ssim"] = by_protocol[PROTOCOLS.index(("real", "float"))]["ssim"]
    mask_mean = scene.weights.area / scene.weights.mask.size
    return [
        {"background": background, "quantisation": quantisation, "mask_mean": mask_mean} | UNKNOWN | scores
        for (background, quantisation), scores in zip(ALL_PROTOCOLS, by_protocol, strict=True)
    ]


def _distances(compared: Sequence[Pictures], perceptual: nn.Module) -> list[float]:
    """LPIPS of each; of small pictures several at once, since calls of the network cost more than what they compute."""
    at_once = max(1, PIXELS_AT_ONCE // compared[0].weights.mask.size)
    found: list[float] = []
    for start in range(0, len(compared), at_once):
        part = compared[start : start + at_once]
        pairs = (np.stack(pictures) for pictures in zip(*((seen.output, seen.truth.levels) for seen in part), strict=True))
        output, real = (torch.from_numpy(batch).permute(0, 3, 1, 2) for batch in pairs)
        found += lpips(output, real, network=perceptual).tolist()
    return found


def pictures_of(split: "PackedSplit", index: int) -> tuple[np.ndarray, np.ndarray, Tensor]:
    """Composite and real, uint8 (H, W, 3), and mask, float32 (1, 1, H, W) in [0, 1]."""
    mask = mask_from_uint8(torch.from_numpy(np.array(split.mask[index]))[None])
    return np.array(split.composite[index]), np.array(split.real[index]), mask


def metric_tensor(picture: np.ndarray) -> Tensor:
    """A picture (H, W, 3) of levels 0..255, uint8 or float, as float32 (1, 3, H, W), channels last in memory."""
    return torch.from_numpy(picture).float()[None].permute(0, 3, 1, 2)
