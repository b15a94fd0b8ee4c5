"""Frames of a clip: a foreground that moves over a plate, or a scene whose light moves, seen by a camera.

Pictures are uint8 (H, W, 3), mattes uint8 (H, W), 255 = foreground; a clip's have a first axis of frames.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from imharmony.motion.paths import Motion
from imharmony.motion.sampling import composed, inverted, sampled, shrunk


class Clip(NamedTuple):
    """A composite clip and its truth. Where the mask is 0 both are the same, bit for bit."""

    composite: np.ndarray  # uint8 (T, H, W, 3)
    real: np.ndarray  # uint8 (T, H, W, 3)
    mask: np.ndarray  # uint8 (T, H, W)
    backward: np.ndarray  # float64 (T, 2, 3): where a foreground pixel of a frame was in the frame before, in pixel indices; first NaN


def moved_clip(
    photo: np.ndarray,
    composite: np.ndarray,
    matte: np.ndarray,
    plate: np.ndarray,
    *,
    motion: Motion,
    shares: Sequence[float],
    size: tuple[int, int],
) -> Clip:
    """The photograph's foreground, and the composite's, laid over the plate wherever the motion has them.

    ``shares`` say how much of the composite's change each frame has. ``size`` is (width, height) of the frames.
    """
    alpha = matte[..., None] / 255
    layers = np.concatenate([alpha * photo, alpha * composite, alpha], axis=2)
    (layers, to_layers), (ground, to_ground) = (
        shrunk(layers, _closeness(motion.foreground)),
        shrunk(plate.astype(np.float64), _closeness(motion.camera)),
    )
    frames = []
    for camera, own, share in zip(motion.camera, motion.foreground, shares, strict=True):
        behind = sampled(ground, composed(camera, inverted(to_ground)), size)
        seen = sampled(layers, composed(own, inverted(to_layers)), size, beyond=0.0)
        before, after, opacity = seen[..., :3], seen[..., 3:6], seen[..., 6:]
        through = (1 - opacity) * behind
        frames.append(_frame(before + share * (after - before) + through, before + through, opacity[..., 0]))
    return _clip(frames, motion)


def lit_clip(
    photos: np.ndarray, changed: np.ndarray, matte: np.ndarray, *, motion: Motion, shares: Sequence[float], size: tuple[int, int]
) -> Clip:
    """A scene that stands still while its light moves, photographs (T, H, W, 3), seen by the motion's camera.

    ``changed`` are the photographs in the composite's colours; ``shares`` say how much of that change each frame has. The flow is the
    camera's.
    """
    alpha = matte[..., None] / 255
    frames = []
    for photo, other, camera, share in zip(photos, changed, motion.camera, shares, strict=True):
        layers, to_layers = shrunk(
            np.concatenate([photo, alpha * (other.astype(np.float64) - photo), alpha], axis=2), _closeness(motion.camera)
        )
        seen = sampled(layers, composed(camera, inverted(to_layers)), size)
        frames.append(_frame(seen[..., :3] + share * seen[..., 3:6], seen[..., :3], seen[..., 6]))
    return _clip(frames, Motion(motion.camera, motion.camera))


def _closeness(maps: np.ndarray) -> float:
    """How large frames show the photograph, at the closest of them."""
    return float(np.sqrt(np.abs(np.linalg.det(maps[:, :, :2]))).max())


def _frame(composite: np.ndarray, real: np.ndarray, opacity: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mask = np.rint(opacity * 255).clip(0, 255).astype(np.uint8)
    truth, made = (np.rint(levels).clip(0, 255).astype(np.uint8) for levels in (real, composite))
    return np.where(mask[..., None] > 0, made, truth), truth, mask


def _clip(frames: list[tuple[np.ndarray, np.ndarray, np.ndarray]], motion: Motion) -> Clip:
    composites, reals, masks = (np.stack(each) for each in zip(*frames, strict=True))
    return Clip(composites, reals, masks, motion.backward)
