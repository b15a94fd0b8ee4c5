"""What methods do to test clips: errors of the frames, and how steady they are from frame to frame.

A method's picture is scored as it is used: pasted over the composite by the mask, rounded to whole levels.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from imharmony.clips.methods import ClipMethod
from imharmony.composing.packed_clips import PackedClips
from imharmony.evaluation.methods import expect_finite
from imharmony.metrics.error import foreground_mse, psnr
from imharmony.metrics.temporal import flicker, temporal_loss
from imharmony.running.processes import Run
from imharmony.running.progress import track
from imharmony.running.randomness import torch_threads
from imharmony.storage.shards import Row

UNTOUCHED, TRUTH = "untouched", "truth"  # methods beside those asked: the composite, and what a perfect one would give
MEASURES = {
    "fmse": "mean squared error in the foreground, mean over frames",
    "psnr": "peak signal-to-noise ratio of whole frames, mean over those that differ from the truth",
    "tl": "squared difference of a frame and the one before along the motion; what is below the truth's is blur",
    "flicker": "how far the foreground's mean colour goes from frame to frame beyond the truth's, in CIELAB",
}
# One row for each clip, method and smoothing.
JUDGED = pa.schema(
    [
        ("dataset", pa.string()),
        ("sample_id", pa.string()),
        ("image_id", pa.int64()),
        ("kind", pa.string()),  # of clips.drawn.KINDS
        ("method", pa.string()),
        ("smoothing", pa.string()),  # of clips.methods.SMOOTHINGS
        *((name, pa.float64()) for name in MEASURES),  # psnr: null where no frame differs; flicker: of frames with a foreground
        ("frames", pa.int32()),
    ]
)


@dataclass(frozen=True)
class _Clip:
    """One clip, with what is asked of it; it travels to whoever judges it."""

    named: Row
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # composite, truth, mask, motion
    methods: Mapping[str, ClipMethod]
    threads: int


def judged_clips(split: PackedClips, methods: Mapping[str, ClipMethod], *, dataset: str, run: Run | None = None) -> list[Row]:
    """The rows of ``JUDGED``: of each clip the truth, then each method with each of its smoothings.

    ``run`` is where they are judged; None: here.
    """
    told, threads = {"dataset": dataset, "frames": split.length}, torch.get_num_threads()
    jobs = (_Clip(named | told, clip_at(split, place), methods, threads) for place, named in enumerate(names_of(split)))
    parts = track((run or Run(1))(_judged_clip, jobs), total=split.clips, what=f"clips: {dataset}", unit="clips")
    return [row for part in parts for row in part]


def _judged_clip(clip: _Clip) -> list[Row]:
    composite, real, mask, backward = clip.arrays
    with torch_threads(clip.threads):
        rows = [clip.named | {"method": TRUTH, "smoothing": "none"} | scores_of(real, real, mask, backward)]
        for name, smoothing, output in outputs_of(clip.methods, composite, mask, where=clip.named["sample_id"]):
            rows.append(clip.named | {"method": name, "smoothing": smoothing} | scores_of(output, real, mask, backward))
    return rows


def outputs_of(
    methods: Mapping[str, ClipMethod], composite: np.ndarray, mask: np.ndarray, *, where: str
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Name, smoothing and pasted, rounded frames uint8 (T, H, W, 3) of each method; the truth is not among the arguments."""
    for name, method in methods.items():
        for smoothing, own in method.pictures(composite, mask).items():
            yield name, smoothing, pasted_levels(expect_finite(own, f"{name}: clip {where}"), composite, mask)


def pasted_levels(own: np.ndarray, composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A method's frames in the mask, the composite around it, uint8 (T, H, W, 3)."""
    share = mask[..., None].astype(np.float64) / 255
    return np.rint(own * share + composite * (1 - share)).clip(0, 255).astype(np.uint8)


def scores_of(output: np.ndarray, real: np.ndarray, mask: np.ndarray, backward: np.ndarray) -> dict[str, float | None]:
    """The measures of a clip's frames uint8 (T, H, W, 3) against the truth, means over frames."""
    (made, truth), inside = (_levels(each) for each in (output, real)), torch.from_numpy(mask.copy())[:, None].double() / 255
    decibels = psnr(made, truth, peak=255.0)
    values = {
        "fmse": foreground_mse(made, truth, inside),
        "psnr": decibels[decibels.isfinite()],
        "tl": temporal_loss(made, truth, inside, torch.from_numpy(backward)),
        "flicker": flicker(made, truth, inside),
    }
    return {name: float(each.nanmean()) if len(each) else None for name, each in values.items()}


def clip_at(split: PackedClips, place: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Composite, truth, mask and motion of the clip at this place."""
    frames = slice(place * split.length, (place + 1) * split.length)
    return np.array(split.composite[frames]), np.array(split.real[frames]), np.array(split.mask[frames]), split.backward[frames]


def names_of(split: PackedClips) -> list[Row]:
    """What each clip is called, of which photograph it is, and its kind."""
    first = split.rows.take(np.arange(0, len(split.composite), split.length))
    names = first.select(["clip_id", "image_id", "kind"]).to_pylist()
    return [{"sample_id": row["clip_id"], "image_id": row["image_id"], "kind": row["kind"]} for row in names]


def _levels(frames: np.ndarray) -> Tensor:
    return torch.from_numpy(frames.copy()).permute(0, 3, 1, 2).double()
