"""Per-image scores of a method under every protocol.

A protocol is a background and a quantisation; the three peaks of PSNR are columns. Published tables differ in all three:

- background ``raw``: the method's own picture everywhere. ``composite``: its picture inside the mask, the composite outside, which
  is what a user gets. ``real``: the real photograph outside, which no user has; only so that such published numbers can be compared.
- quantisation ``float``: as computed. ``uint8``: rounded to the nearest level, as saved. ``truncated``: as the code of the pix2pix
  family shows pictures, the real one included: to [-1, 1] and back in float32, then cut off. It moves 63 of the 256 levels by one.
- peak ``psnr_255``: 255. ``psnr_target``: the largest value of the real photograph. ``psnr_range``: the output's maximum minus its
  minimum, so that an output can raise its own score. Both are at most 255 and lower the PSNR: 0.9 dB at a peak of 230.

``fpsnr`` and the headline use 255. The headline is background composite, uint8, peak 255, mean over images.

What is computed is in the table of ``measures``. Some measures are those of the picture that a user gets, and null under the other
protocols.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from imharmony.colour.ranges import mask_from_uint8, metric_from_network, network_from_uint8, uint8_from_metric
from imharmony.evaluation.conventions import HEADLINE
from imharmony.evaluation.measures import MEASURES, Pictures, values_of
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.progress import track
from imharmony.running.randomness import deterministic_algorithms
from imharmony.storage.shards import Row

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit

BACKGROUNDS = ("raw", "composite", "real")
QUANTISATIONS = ("float", "uint8", "truncated")
PROTOCOLS = [(background, quantisation) for background in BACKGROUNDS for quantisation in QUANTISATIONS]
UNKNOWN = dict.fromkeys(column for column, measure in MEASURES.items() if measure.of != "protocols")  # but under the headline protocol
HEADLINE_ROW = PROTOCOLS.index((HEADLINE.background, HEADLINE.quantisation))
PIXELS_AT_ONCE = 2**16

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
        return metric_from_network(output)[0].permute(1, 2, 0).float().cpu().numpy()

    return harmonize


def score_split(
    split: "PackedSplit",
    harmonize: Harmonize,
    *,
    names: Row,
    perceptual: nn.Module | None,
    repeats: bool = True,
    inputs: np.ndarray | None = None,
) -> list[Row]:
    """The rows of ``measures.SCORES`` of one method on one split: every image under every protocol.

    ``names`` are the columns that all rows share: method, seed, dataset, code, data hash and what it learned from. ``inputs``
    (N, S, S, 3) are given to the method in place of the composites, over which its pictures are still pasted. Without ``repeats``,
    and with ``inputs``, which would have to be made anew, the method can make no second picture, and ``idempotence`` is null.
    """
    rows: list[Row] = []
    samples = split.rows.select(["sample_id", "image_id", "foreground_ratio"]).to_pylist()
    for index, sample in enumerate(track(samples, total=len(samples), what=f"{names['method']}: {names['dataset']}", unit="images")):
        composite, real, mask = pictures_of(split, index)
        given = composite.copy() if inputs is None else np.array(inputs[index])
        raw = harmonize(given, mask[0, 0].numpy().copy())
        scores = score_images(
            raw=metric_tensor(raw), composite=metric_tensor(composite), real=metric_tensor(real), mask=mask, perceptual=perceptual
        )
        if repeats and inputs is None:
            saved = as_saved(raw, composite, mask)
            again = as_saved(harmonize(saved.copy(), mask[0, 0].numpy().copy()), saved, mask)
            found = values_of(Pictures(metric_tensor(again), metric_tensor(saved), metric_tensor(saved), mask, perceptual), of="again")
            scores[HEADLINE_ROW] |= {column: values[0] for column, values in found.items()}
        rows += [{**names, **sample, **score} for score in scores]
    return rows


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
    by_protocol[HEADLINE_ROW] |= values_of(Pictures(outputs[HEADLINE_ROW], *others[HEADLINE.quantisation], mask, perceptual), of="user")
    mask_mean = mask.double().mean((1, 2, 3)).tolist()
    return [
        {"background": background, "quantisation": quantisation, "mask_mean": mask_mean[image]}
        | UNKNOWN
        | {name: values[image] for name, values in scores.items()}
        for image in range(count)
        for (background, quantisation), scores in zip(PROTOCOLS, by_protocol, strict=True)
    ]


def on_background(raw: Tensor, *, composite: Tensor, real: Tensor, mask: Tensor, background: str) -> Tensor:
    """The picture to score: ``raw`` inside the mask and the named background outside, blended where the mask is soft."""
    return raw if background == "raw" else torch.lerp({"composite": composite, "real": real}[background], raw, mask.to(raw))


def quantised(picture: Tensor, quantisation: str) -> Tensor:
    """The picture as computed (``float``), as a file would hold it (``uint8``) or as older code shows it (``truncated``)."""
    if quantisation == "float":
        return picture
    return truncated(picture) if quantisation == "truncated" else picture.clamp(0, 255).round_()


def truncated(picture: Tensor) -> Tensor:
    """Levels as ``tensor2im`` of pix2pix's and DoveNet's code gives them: float32 arithmetic, nothing is rounded."""
    network = picture.float() / 255 * 2 - 1  # ToTensor and Normalize(0.5, 0.5)
    return ((network + 1) / 2 * 255).clamp_(0, 255).floor_()


def pictures_of(split: "PackedSplit", index: int) -> tuple[np.ndarray, np.ndarray, Tensor]:
    """Composite and real, uint8 (H, W, 3), and mask, float32 (1, 1, H, W) in [0, 1]."""
    mask = mask_from_uint8(torch.from_numpy(np.array(split.mask[index]))[None])
    return np.array(split.composite[index]), np.array(split.real[index]), mask


def metric_tensor(picture: np.ndarray) -> Tensor:
    """A picture (H, W, 3) of levels 0..255, uint8 or float, as float32 (1, 3, H, W), channels last in memory."""
    return torch.from_numpy(picture).float()[None].permute(0, 3, 1, 2)
