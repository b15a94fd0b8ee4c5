"""Per-image scores of a method under every protocol.

A protocol is a background and a quantisation (``protocols``); the three peaks of PSNR are columns. Published tables differ in all
three. Peak ``psnr_255``: 255. ``psnr_target``: the largest value of the real photograph. ``psnr_range``: the output's maximum minus
its minimum, so that an output can raise its own score. Both are at most 255 and lower the PSNR: 0.9 dB at a peak of 230.

``fpsnr`` and the headline use 255. The headline is background composite, uint8, peak 255, mean over images.

What is computed is in the table of ``measures``. Some measures are those of the picture that a user gets, and null under the other
protocols; those of single conventions are null elsewhere, and their protocols have nothing but what the conventions count.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from imharmony.colour.ranges import mask_from_uint8, metric_from_network, network_from_uint8
from imharmony.errors import InputError
from imharmony.evaluation.compared import Pictures, Truth
from imharmony.evaluation.conventions import CONVENTIONS, HEADLINE
from imharmony.evaluation.measures import MEASURES, columns_of, values_of
from imharmony.evaluation.protocols import ALL_PROTOCOLS, NAMESAKES, PROTOCOLS, Protocol, Scene, saved
from imharmony.metrics.perceptual import lpips
from imharmony.metrics.pictures import each_picture
from imharmony.metrics.weights import Weights
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.randomness import deterministic_algorithms
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

# A composite, uint8 (H, W, 3), and its mask, float32 (H, W) in [0, 1], to the method's own picture, float32 (H, W, 3) in [0, 255].
# The real photograph is not among the arguments, so no method can look at it.
Harmonize = Callable[[np.ndarray, np.ndarray], np.ndarray]


def learned(harmonizer: Harmonizer, *, device: torch.device) -> Harmonize:
    """A trained harmonizer as a function of one picture, so that no score depends on what else is in a batch."""
    harmonizer.to(device)
    # On a CPU a network computes the same bits forwards anyway, and torch's switch loads its compiler, which takes two seconds.
    repeatable = nullcontext if device.type == "cpu" else deterministic_algorithms

    @torch.inference_mode()
    def harmonize(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        pictures = network_from_uint8(torch.from_numpy(composite)[None].to(device))
        with repeatable():
            output = harmonizer.raw(pictures, torch.from_numpy(mask)[None, None].to(device))
        levels = metric_from_network(output).where(output.isfinite(), torch.nan)  # what is infinite would be clipped to a level
        return levels[0].permute(1, 2, 0).float().cpu().numpy()

    return harmonize


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
    for index, sample in enumerate(samples):
        composite, real, mask = pictures_of(split, index)
        opacity = mask[0, 0].numpy()
        given = composite.copy() if inputs is None else np.array(inputs[index])
        where = f"{names['method']}: {names['dataset']}, image {sample['sample_id']}"
        raw = expect_finite(harmonize(given, opacity.copy()), where)
        if on_output:
            on_output(index, raw)
        scene = Scene.of(raw, composite, real, opacity)
        scores = score_scene(scene, perceptual)
        if repeats and inputs is None:
            first = saved(raw, composite, scene.weights)
            repeated = expect_finite(harmonize(first.copy(), opacity.copy()), f"{where}, harmonized once more")
            again = saved(repeated, first, scene.weights)
            scores[HEADLINE_ROW] |= values_of(Pictures(again, Truth(first), first, scene.weights), of="again")
        shared = {**names, **sample, "is_flat": is_flat(raw, composite, opacity)}
        rows += [shared | score for score in scores]
    return rows


def expect_finite(output: np.ndarray, where: str) -> np.ndarray:
    """The output itself; an ``InputError`` that says ``where`` if any of its levels is NaN or infinite."""
    if not np.isfinite(output).all():
        wrong = int(output.size - np.isfinite(output).sum())
        advice = "a mean without this image would hide it; mend the method or train it again"
        raise InputError(f"{where}: {wrong} of {output.size} values of the output are NaN or infinite; expected levels 0 to 255; {advice}")
    return output


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
