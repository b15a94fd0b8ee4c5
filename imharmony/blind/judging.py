"""A blind system's pictures scored, on composites and on photographs as they are.

The headline is the system's own whole picture: nothing of it comes from the true mask, which is used to measure alone. ``pasted_mse``
stands beside it: the same picture with the true photograph's background put back by the true mask, which no blind system could do.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from imharmony.blind.confidence import Confidence, features_of
from imharmony.blind.systems import LIKELY, BlindSystem
from imharmony.colour.ranges import mask_from_uint8, network_from_uint8
from imharmony.colour.spaces import ciede2000, lab_from_srgb
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.evaluation.methods import stacked, whole_levels
from imharmony.metrics.error import background_mse, foreground_mse, mse, psnr
from imharmony.metrics.perceptual import lpips
from imharmony.running.progress import bar
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
Made = tuple[np.ndarray, dict[str, Any]]  # a picture uint8 (H, W, 3), and columns of ``JUDGED``

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


class _Group(NamedTuple):
    """Pictures that are given at once, uint8 (N, H, W, 3), and masks (N, 1, H, W); the first ``len(named)`` of them are meant."""

    is_real: bool
    given: np.ndarray
    truth: np.ndarray
    masks: Tensor
    named: list[Row]

    @property
    def where(self) -> list[str]:
        """What errors call each."""
        return [f"blind: {row['dataset']}, image {row['sample_id']}" for row in self.named]


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
    composites, photographs = range(split.rows.num_rows), first_of_each_photograph(split)
    groups = chain(_groups(split, composites, dataset=dataset, is_real=False), _groups(split, photographs, dataset=dataset, is_real=True))
    rows: list[Row] = []
    with bar(total=len(composites) + len(photographs), what=f"blind: {dataset}", unit="pictures") as progress:
        for group in groups:
            own = outputs_of(system, group.given, confidence=confidence, where=group.where, device=device)
            told = _with_true_mask(system, group, masked, device=device)
            for index, made in enumerate(map(dict.__or__, own, told)):
                scores = _scores(group, index, [made[name][0] for name in SYSTEMS], perceptual=perceptual)
                rows += [group.named[index] | {"system": name} | each | made[name][1] for name, each in zip(SYSTEMS, scores, strict=True)]
            progress.update(len(group.named))
    return rows


def _groups(split: PackedSplit, chosen: Sequence[int], *, dataset: str, is_real: bool) -> Iterator[_Group]:
    samples = split.rows.select(["sample_id", "image_id"]).to_pylist()
    for places, (composite, truth, mask) in stacked(chosen, split.composite, split.real, split.mask):
        named = [{"dataset": dataset, **samples[place], "is_real": is_real} for place in places]
        yield _Group(is_real, truth if is_real else composite, truth, mask_from_uint8(torch.from_numpy(mask)), named)


def first_of_each_photograph(split: PackedSplit) -> list[int]:
    """Position of the first composite of each photograph."""
    images = split.rows["image_id"].to_pylist()
    return sorted({image: index for index, image in reversed(list(enumerate(images)))}.values())


def outputs_of(
    system: BlindSystem, given: np.ndarray, *, confidence: Confidence, where: Sequence[str], device: torch.device
) -> list[dict[str, Made]]:
    """What the system makes of pictures uint8 (N, H, W, 3) by itself, of the first ``len(where)`` of them.

    Neither the truth nor the true mask is among the arguments, so no headline can depend on them.
    """
    tensor = network_from_uint8(torch.from_numpy(given).to(device))
    with torch.inference_mode():
        seen = system(tensor)
        hard = (seen.mask >= LIKELY).float()
        binary = system.harmonized(tensor, hard)
    made: list[dict[str, Made]] = []
    for index, said in enumerate(where):
        picture, mask = whole_levels(seen.picture[index], said), seen.mask[index, 0].cpu().numpy()
        risk = float(confidence.risk(features_of(given[index], picture, mask))[0])
        kept = given[index] if risk > confidence.limit else picture
        share = float(mask.mean(dtype=np.float64))
        made.append(
            {
                UNTOUCHED: (given[index], {"mask_mean": 0.0}),
                BLIND: (picture, {"risk": risk, "mask_mean": share}),
                BINARY: (whole_levels(binary[index], said), {"mask_mean": float(hard[index].mean())}),
                CAUTIOUS: (kept, {"risk": risk, "mask_mean": share}),
            }
        )
    return made


def expect_headline(background: str) -> None:
    """Refuses any headline of a blind system but its own whole picture.

    ``background`` is that of a protocol of ``evaluation.protocols``; only ``raw`` takes nothing from the true mask.
    """
    if background != "raw":
        came = f"a blind system's headline on background {background!r}, which is pasted by the true mask"
        raise InputError(f"{came}; expected raw, its own whole picture; pasted scores may stand beside it")


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


def _with_true_mask(system: BlindSystem, group: _Group, masked: Confidence | None, *, device: torch.device) -> list[dict[str, Made]]:
    tensor, masks = network_from_uint8(torch.from_numpy(group.given).to(device)), group.masks.to(device)
    strengths = STRENGTHS[-1:] if group.is_real else STRENGTHS
    with torch.inference_mode():
        outputs = [system.harmonized(tensor, strength * masks) for strength in strengths]
    found: list[dict[str, Made]] = []
    for index, where in enumerate(group.where):
        given, truth, mask = group.given[index], group.truth[index], group.masks[index, 0].numpy()
        pictures = [whole_levels(output[index], where) for output in outputs]
        columns: dict[str, Any] = {"mask_mean": float(mask.mean())}
        if not group.is_real:
            errors = [float(np.square(picture.astype(np.float64) - truth).mean()) for picture in pictures]
            columns["strength_mse"], columns["strength"] = min(zip(errors, strengths, strict=True))
        if masked is not None:
            columns["risk"] = float(masked.risk(features_of(given, pictures[-1], mask))[0])
        found.append({TRUE_MASK: (pictures[-1], columns)})
    return found


def _scores(group: _Group, index: int, outputs: Sequence[np.ndarray], *, perceptual: nn.Module | None) -> list[Row]:
    """Of each output for a picture of a group the columns of ``JUDGED`` that compare pictures."""
    given, truth, count = group.given[index], group.truth[index], len(outputs)
    own = torch.from_numpy(np.stack(outputs)).permute(0, 3, 1, 2).float()
    before, real = (torch.from_numpy(each).permute(2, 0, 1).float().expand(count, -1, -1, -1) for each in (given, truth))
    masks = group.masks[index : index + 1].expand(count, -1, -1, -1)
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
        row["visible"] = visible_change(given, output) if group.is_real else None
        rows.append(row)
    return rows
