"""Methods on a clip: frame by frame, or with their parameters filtered over time.

Clips are uint8 (T, H, W, 3), masks uint8 (T, H, W), 255 = foreground; a method's own pictures are float32 (T, H, W, 3) in levels of 255.
No method is given the truth or the motion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch

from imharmony.baselines.region import foreground_of
from imharmony.colour.ranges import levels_from_network, mask_from_uint8, network_from_uint8
from imharmony.motion.smoothing import both_ways, exponential, keep_at
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.points.sets import points_of
from imharmony.transfer.moments import in_lab, look
from imharmony.transfer.reinhard_lab import reinhard_lab

FRAME_RATE = 25.0  # that clips are taken to have
NONE, EXPONENTIAL, BOTH_WAYS = "none", "exponential", "both_ways"
SMOOTHINGS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    NONE: lambda parameters: parameters,
    EXPONENTIAL: partial(exponential, keep=keep_at(FRAME_RATE)),
    BOTH_WAYS: partial(both_ways, keep=keep_at(FRAME_RATE)),
}


class ClipMethod(Protocol):
    """A method on whole clips."""

    def pictures(self, composite: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        """Its own pictures of all frames: frame by frame as ``NONE``, and where it has parameters of a frame with all ``SMOOTHINGS``."""
        ...


@dataclass(frozen=True)
class Untouched:
    """The composite as it is."""

    def pictures(self, composite: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:  # noqa: ARG002
        """The composite."""
        return {NONE: composite.astype(np.float32)}


@dataclass(frozen=True)
class Reinhard:
    """The baseline; its parameters are the looks of both regions, six numbers of each. Frame by frame it is ``imharmony.baselines``'s."""

    def pictures(self, composite: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        """Its pictures by the looks of each frame, and by filtered ones."""
        looks = np.stack([_looks(frame, own) for frame, own in zip(composite, mask, strict=True)])
        made = {}
        for name, smoothed in SMOOTHINGS.items():
            made[name] = composite.astype(np.float32)
            for frame, own, (inside, around), levels in zip(composite, mask, smoothed(looks), made[name], strict=True):
                levels[own > 0] = in_lab(reinhard_lab)(frame[own > 0], inside, around)
        return made


@dataclass(frozen=True)
class Learned:
    """A trained harmonizer; one of regions says six numbers for each frame. The frames of a clip are seen together."""

    harmonizer: Harmonizer
    device: torch.device

    @torch.inference_mode()
    def pictures(self, composite: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        """What it makes of each frame by itself, and of all by the same few numbers filtered."""
        frames = network_from_uint8(torch.from_numpy(composite.copy()).to(self.device))
        inside = mask_from_uint8(torch.from_numpy(mask.copy()).to(self.device))
        network = self.harmonizer.network
        if not isinstance(network, RegionEnsemble):
            return {NONE: levels_from_network(self.harmonizer.raw(frames, inside))}
        said = network.changes(points_of(frames, inside, network.counts))
        made = {}
        for name, smoothed in SMOOTHINGS.items():
            changes = torch.from_numpy(smoothed(said.double().cpu().numpy())).to(said)
            made[name] = levels_from_network(network.mapped(frames, changes[:, :, None, None].expand(-1, -1, *frames.shape[2:])))
        return made


def _looks(frame: np.ndarray, mask: np.ndarray) -> np.ndarray:
    inside = foreground_of((mask / 255).astype(np.float32))
    return np.stack([look(frame[inside]), look(frame[~inside])])
