"""Per-image scores of a method under every protocol.

A protocol is a background and a quantisation (``protocols``); the three peaks of PSNR are columns. Published tables differ in all
three. Peak ``psnr_255``: 255. ``psnr_target``: the largest value of the real photograph. ``psnr_range``: the output's maximum minus
its minimum, so that an output can raise its own score. Both are at most 255 and lower the PSNR: 0.9 dB at a peak of 230.

``fpsnr`` and the headline use 255. The headline is background composite, uint8, peak 255, mean over images.

What is computed is in the table of ``measures``. Some measures are those of the picture that a user gets, and null under the other
protocols; those of single conventions are null elsewhere, and their protocols have nothing but what the conventions count.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from imharmony.colour.ranges import mask_from_uint8, metric_from_network, network_from_uint8, uint8_from_metric
from imharmony.errors import InputError
from imharmony.evaluation.conventions import CONVENTIONS, HEADLINE
from imharmony.evaluation.measures import MEASURES, Pictures, columns_of, values_of
from imharmony.evaluation.protocols import (
    ALL_PROTOCOLS,
    BACKGROUNDS,
    NAMESAKES,
    PROTOCOLS,
    QUANTISATIONS,
    Protocol,
    on_background,
    quantised,
)
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.randomness import deterministic_algorithms
from imharmony.storage.shards import Row

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit

UNKNOWN = dict.fromkeys(MEASURES)
HEADLINE_ROW = PROTOCOLS.index(HEADLINE.protocol)
PIXELS_AT_ONCE = 2**16


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
        given = composite.copy() if inputs is None else np.array(inputs[index])
        where = f"{names['method']}: {names['dataset']}, image {sample['sample_id']}"
        raw = expect_finite(harmonize(given, mask[0, 0].numpy().copy()), where)
        if on_output:
            on_output(index, raw)
        scores = score_images(
            raw=metric_tensor(raw), composite=metric_tensor(composite), real=metric_tensor(real), mask=mask, perceptual=perceptual
        )
        if repeats and inputs is None:
            saved = as_saved(raw, composite, mask)
            repeated = expect_finite(harmonize(saved.copy(), mask[0, 0].numpy().copy()), f"{where}, harmonized once more")
            again = as_saved(repeated, saved, mask)
            found = values_of(Pictures(metric_tensor(again), metric_tensor(saved), metric_tensor(saved), mask, perceptual), of="again")
            scores[HEADLINE_ROW] |= {column: values[0] for column, values in found.items()}
        shared = {**names, **sample, "is_flat": is_flat(raw, composite, mask[0, 0].numpy())}
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
    inside = mask == mask.max()
    output = raw[inside].round()
    if (output != output[0]).any():
        return False
    given = composite[inside]
    return bool((given != given[0]).any())


def as_saved(raw: np.ndarray, composite: np.ndarray, mask: Tensor) -> np.ndarray:
    """The picture that a user gets, uint8 (H, W, 3): ``raw`` inside the mask, the composite outside, rounded."""
    background = metric_tensor(composite)
    shown = on_background(metric_tensor(raw), composite=background, real=background, mask=mask, background="composite")
    return uint8_from_metric(shown)[0].contiguous().numpy()


def score_images(*, raw: Tensor, composite: Tensor, real: Tensor, mask: Tensor, perceptual: nn.Module | None = None) -> list[Row]:
    """Scores of each image under every protocol, image after image.

    Images are float (B, 3, H, W) in [0, 255], masks (B, 1, H, W) in [0, 1]; ``raw`` is the method's own picture.
    """
    shown = {name: on_background(raw, composite=composite, real=real, mask=mask, background=name) for name in BACKGROUNDS}
    outputs = [quantised(shown[background], quantisation) for background, quantisation in PROTOCOLS]
    others = {name: (quantised(real, name), quantised(composite, name)) for name in QUANTISATIONS}
    count, by_protocol = len(raw), []
    at_once = max(1, PIXELS_AT_ONCE // mask.numel())  # of small pictures, calls cost more than what they compute
    for start in range(0, len(PROTOCOLS), at_once):
        chosen = PROTOCOLS[start : start + at_once]
        reals, composites = (torch.cat([others[quantisation][place] for _, quantisation in chosen]) for place in (0, 1))
        seen = Pictures(torch.cat(outputs[start : start + at_once]), reals, composites, mask.repeat(len(chosen), 1, 1, 1), perceptual)
        scores = values_of(seen, of="protocols")
        by_protocol += [
            {name: values[place * count : (place + 1) * count] for name, values in scores.items()} for place in range(len(chosen))
        ]
    for protocol, columns in COLUMNS.items():
        if protocol in NAMESAKES:
            seen = NAMESAKES[protocol](raw, composite=composite, real=real, mask=mask)
            by_protocol.append(columns_of(seen, columns))
        else:
            place = PROTOCOLS.index(protocol)
            by_protocol[place] |= columns_of(Pictures(outputs[place], *others[protocol[1]], mask), columns)
    # What PCT-Net's code blends for its SSIM is the picture on the real background.
    by_protocol[ALL_PROTOCOLS.index(("weighed", "float"))]["ssim"] = by_protocol[PROTOCOLS.index(("real", "float"))]["ssim"]
    by_protocol[HEADLINE_ROW] |= values_of(Pictures(outputs[HEADLINE_ROW], *others[HEADLINE.quantisation], mask, perceptual), of="user")
    mask_mean = mask.double().mean((1, 2, 3)).tolist()
    return [
        {"background": background, "quantisation": quantisation, "mask_mean": mask_mean[image]}
        | UNKNOWN
        | {name: values[image] for name, values in scores.items()}
        for image in range(count)
        for (background, quantisation), scores in zip(ALL_PROTOCOLS, by_protocol, strict=True)
    ]


def pictures_of(split: "PackedSplit", index: int) -> tuple[np.ndarray, np.ndarray, Tensor]:
    """Composite and real, uint8 (H, W, 3), and mask, float32 (1, 1, H, W) in [0, 1]."""
    mask = mask_from_uint8(torch.from_numpy(np.array(split.mask[index]))[None])
    return np.array(split.composite[index]), np.array(split.real[index]), mask


def metric_tensor(picture: np.ndarray) -> Tensor:
    """A picture (H, W, 3) of levels 0..255, uint8 or float, as float32 (1, 3, H, W), channels last in memory."""
    return torch.from_numpy(picture).float()[None].permute(0, 3, 1, 2)
