"""A blind system's pictures scored, on composites and on photographs as they are.

The headline is the system's own whole picture: nothing of it comes from the true mask, which is used to measure alone. ``pasted_mse``
stands beside it: the same picture with the true photograph's background put back by the true mask, which no blind system could do.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from imharmony.blind.confidence import Confidence, features_of
from imharmony.blind.systems import LIKELY, BlindSystem
from imharmony.colour.ranges import metric_from_network, network_from_uint8
from imharmony.colour.spaces import ciede2000, lab_from_srgb
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.evaluation.methods import expect_finite
from imharmony.evaluation.scoring import pictures_of
from imharmony.metrics.error import background_mse, foreground_mse, mse, psnr
from imharmony.metrics.perceptual import lpips
from imharmony.running.progress import track
from imharmony.storage.shards import Row

UNTOUCHED, TRUE_MASK, BLIND, BINARY, CAUTIOUS = "untouched", "true_mask", "blind", "blind_binary", "blind_cautious"
# What each is, in the order of a table.
SYSTEMS = {
    UNTOUCHED: "what was given",
    TRUE_MASK: "the same harmonizer, told the true mask",
    BLIND: "the system's own picture, by the soft mask that it found",
    BINARY: "the same with that mask binarised at 0.5",
    CAUTIOUS: "the system's own picture, or what was given where harm is likely",
}
HEADLINE = "mse"  # of the own whole picture
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
WINDOW = 8  # to a side: colour differences are averaged over windows, of which the largest counts
VISIBLE = 1.0  # CIEDE2000

# One row for each picture and system.
JUDGED = pa.schema(
    [
        ("dataset", pa.string()),
        ("sample_id", pa.string()),  # of a photograph as it is, that of its first composite
        ("image_id", pa.int64()),
        ("is_real", pa.bool_()),  # a photograph as it is was given
        ("system", pa.string()),
        ("mse", pa.float64()),  # of the own whole picture, rounded, against the truth
        ("psnr", pa.float64()),  # null where both are equal
        ("lpips", pa.float64()),
        ("background_mse", pa.float64()),  # against what was given, outside the true mask
        ("fmse", pa.float64()),  # inside it
        ("pasted_mse", pa.float64()),  # with the true background put back by the true mask
        ("is_harm", pa.bool_()),  # a larger error than what was given has
        ("visible", pa.float64()),  # of a photograph as it is: largest mean CIEDE2000 over a window that it was changed by
        ("risk", pa.float64()),  # probability of harm, of the systems that have one
        ("mask_mean", pa.float64()),  # of the mask that was used
        ("strength", pa.float64()),  # of a composite's row of the true mask: the multiple of that mask with the least error
        ("strength_mse", pa.float64()),  # and that error
    ]
)


def judged_split(
    split: PackedSplit,
    system: BlindSystem,
    *,
    confidence: Confidence,
    dataset: str,
    perceptual: nn.Module | None,
    device: torch.device,
    masked: Confidence | None = None,
) -> list[Row]:
    """The rows of ``JUDGED`` of a split: its composites, and each photograph as it is, which no mask is a part of.

    ``masked`` is the confidence in the harmonizer that is told the true mask; None: its risk is null.
    """
    samples = split.rows.select(["sample_id", "image_id"]).to_pylist()
    places = [*((index, False) for index in range(len(samples))), *((index, True) for index in first_of_each_photograph(split))]
    rows: list[Row] = []
    for index, is_real in track(places, total=len(places), what=f"blind: {dataset}", unit="pictures"):
        composite, truth, mask = pictures_of(split, index)
        given = truth if is_real else composite
        named = {"dataset": dataset, **samples[index], "is_real": is_real}
        where = f"blind: {dataset}, image {samples[index]['sample_id']}"
        made = outputs_of(system, given, confidence=confidence, where=where, device=device)
        made |= _with_true_mask(system, given, truth, mask, where=where, device=device)
        if masked is not None:
            picture, columns = made[TRUE_MASK]
            columns["risk"] = float(masked.risk(features_of(given, picture, mask[0, 0].numpy()))[0])
        scores = _scores([made[name][0] for name in SYSTEMS], given, truth, mask, perceptual=perceptual)
        rows += [named | {"system": name} | own | made[name][1] for name, own in zip(SYSTEMS, scores, strict=True)]
    return rows


def first_of_each_photograph(split: PackedSplit) -> list[int]:
    """Position of the first composite of each photograph."""
    images = split.rows["image_id"].to_pylist()
    return sorted({image: index for index, image in reversed(list(enumerate(images)))}.values())


def outputs_of(
    system: BlindSystem, given: np.ndarray, *, confidence: Confidence, where: str, device: torch.device
) -> dict[str, tuple[np.ndarray, dict[str, Any]]]:
    """What the system makes of a picture uint8 (H, W, 3) by itself: uint8 pictures and columns of ``JUDGED``.

    Neither the truth nor the true mask is among the arguments, so no headline can depend on them.
    """
    tensor = network_from_uint8(torch.from_numpy(given.copy())[None].to(device))
    with torch.inference_mode():
        seen = system(tensor)
        hard = (seen.mask >= LIKELY).float()
        binary = system.harmonized(tensor, hard)
    picture, mask = levels_of(seen.picture, where), seen.mask[0, 0].cpu().numpy()
    risk = float(confidence.risk(features_of(given, picture, mask))[0])
    kept = given if risk > confidence.limit else picture
    share = float(mask.mean(dtype=np.float64))
    return {
        UNTOUCHED: (given, {"mask_mean": 0.0}),
        BLIND: (picture, {"risk": risk, "mask_mean": share}),
        BINARY: (levels_of(binary, where), {"mask_mean": float(hard.mean())}),
        CAUTIOUS: (kept, {"risk": risk, "mask_mean": share}),
    }


def expect_headline(background: str) -> None:
    """Refuses any headline of a blind system but its own whole picture.

    ``background`` is that of a protocol of ``evaluation.protocols``; only ``raw`` takes nothing from the true mask.
    """
    if background != "raw":
        came = f"a blind system's headline on background {background!r}, which is pasted by the true mask"
        raise InputError(f"{came}; expected raw, its own whole picture; pasted scores may stand beside it")


def levels_of(picture: Tensor, where: str) -> np.ndarray:
    """A network's picture (1, 3, H, W) as uint8 (H, W, 3); an ``InputError`` if it is not finite."""
    levels = metric_from_network(picture).where(picture.isfinite(), torch.nan)
    found = expect_finite(levels[0].permute(1, 2, 0).float().cpu().numpy(), where)
    return np.rint(np.clip(found, 0, 255)).astype(np.uint8)


def squares_of(picture: np.ndarray, truth: np.ndarray) -> int:
    """The sum of squared errors of uint8 pictures, exact: equal pictures have equal errors."""
    return int(np.square(picture.astype(np.int64) - truth).sum())


def visible_change(given: np.ndarray, made: np.ndarray) -> float:
    """The largest mean CIEDE2000 over a window of an eighth of either side; windows overlap by half and are cut at the edge."""
    if np.array_equal(given, made):
        return 0.0
    first, second = (lab_from_srgb(each.astype(np.float64) / 255) for each in (given, made))
    difference = torch.from_numpy(ciede2000(first, second))[None, None]
    sides = [max(side // WINDOW, 1) for side in given.shape[:2]]
    means = nn.functional.avg_pool2d(difference, sides, [max(side // 2, 1) for side in sides], ceil_mode=True)
    return float(means.max())


def _with_true_mask(
    system: BlindSystem, given: np.ndarray, truth: np.ndarray, mask: Tensor, *, where: str, device: torch.device
) -> dict[str, tuple[np.ndarray, dict[str, Any]]]:
    tensor = network_from_uint8(torch.from_numpy(given.copy())[None].to(device))
    strengths = STRENGTHS if given is not truth else STRENGTHS[-1:]
    masks = torch.cat([strength * mask for strength in strengths]).to(device)
    with torch.inference_mode():
        outputs = system.harmonized(tensor.expand(len(strengths), -1, -1, -1), masks)
    pictures = [levels_of(output, where) for output in outputs.split(1)]
    made = pictures[-1]
    best = min((float(np.square(picture.astype(np.float64) - truth).mean()), at) for picture, at in zip(pictures, strengths, strict=True))
    oracle = {"strength": best[1], "strength_mse": best[0]} if given is not truth else {}
    return {TRUE_MASK: (made, {"mask_mean": float(mask.mean()), **oracle})}


def _scores(
    outputs: Sequence[np.ndarray], given: np.ndarray, truth: np.ndarray, mask: Tensor, *, perceptual: nn.Module | None
) -> list[Row]:
    """Of each output the columns of ``JUDGED`` that compare pictures."""
    count = len(outputs)
    own = torch.from_numpy(np.stack(outputs)).permute(0, 3, 1, 2).float()
    before, real = (torch.from_numpy(each).permute(2, 0, 1).float().expand(count, -1, -1, -1) for each in (given, truth))
    masks = mask.expand(count, -1, -1, -1)
    errors = mse(own, real)
    columns = {
        "mse": errors,
        "psnr": torch.where(errors > 0, psnr(own, real, peak=255), torch.nan),
        "lpips": torch.full_like(errors, torch.nan) if perceptual is None else lpips(own, real, network=perceptual),
        "background_mse": background_mse(own, before, masks),
        "fmse": foreground_mse(own, real, masks),
        "pasted_mse": mse(own * masks + real * (1 - masks), real),
    }
    rows: list[Row] = []
    for index, output in enumerate(outputs):
        numbers = {name: float(values[index]) for name, values in columns.items()}
        row: Row = {name: None if np.isnan(value) else value for name, value in numbers.items()}
        row["is_harm"] = squares_of(output, truth) > squares_of(given, truth)
        row["visible"] = visible_change(given, output) if given is truth else None
        rows.append(row)
    return rows
