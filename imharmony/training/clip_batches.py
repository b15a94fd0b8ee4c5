"""Two frames of a clip as one sample of a batch."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from imharmony.composing.packed_clips import PackedClips
from imharmony.losses.temporal import temporal
from imharmony.running.randomness import torch_seed
from imharmony.running.seeds import numpy_rng
from imharmony.training.batches import Batches


class ClipBatch(NamedTuple):
    """Frames, then the frames before them, in the same order: images float32 (2 B, 3, H, W) in [-1, 1], masks (2 B, 1, H, W).

    ``backward`` (2 B, 2, 3) is the motion from each frame to the one before; of the second half NaN.
    """

    composite: Tensor
    real: Tensor
    mask: Tensor
    backward: Tensor

    def halves(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Those of now and those before, of something that has a row for each frame."""
        now, before = frames.chunk(2)
        return now, before


def between_frames(output: Tensor, batch: ClipBatch) -> Tensor:
    """How far the outputs of frames are from those of the frames before: the loss of an ``Objective``'s temporal term."""
    if not isinstance(batch, ClipBatch):
        raise TypeError("a temporal loss needs batches of clips")
    (now, before), real, masks = (batch.halves(frames) for frames in (output, batch.real, batch.mask))
    return temporal(now, before, real=real, masks=masks, backward=batch.halves(batch.backward)[0])


class PairedHarmonizer(nn.Module):
    """A harmonizer in training that sees frames and those before them with the same dropout: or the loss between would be of that.

    A batch norm takes the statistics of each half.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = getattr(module, "module", module)  # as ``Players.bare`` looks for it
        self._wrapped = [module]  # in a list, or its weights would be registered twice

    def forward(self, composite: Tensor, mask: Tensor, *, sides: bool = False) -> Tensor | list[Tensor]:
        """What the harmonizer makes of both halves, in the batch's order."""
        seed = int(torch.randint(2**62, ()))
        halves = []
        for half in zip(composite.chunk(2), mask.chunk(2), strict=True):
            with torch_seed(seed, composite.device):
                halves.append(self._wrapped[0](*half, sides=sides))
        return [torch.cat(pair) for pair in zip(*halves, strict=True)] if sides else torch.cat(halves)


class ClipBatches:
    """A split of clips near its device."""

    def __init__(self, split: PackedClips, *, device: torch.device) -> None:
        self._batches = Batches(split, device=device)
        self._backward = torch.from_numpy(split.backward).to(torch.float32).to(device)
        self._length, self._clips = split.length, split.clips

    def pairs(self, count: int, *, seed: int, epoch: int) -> np.ndarray:
        """Positions of frames that have one before, ``count`` of each clip, drawn anew for each epoch, clip by clip."""
        steps = [numpy_rng(seed, "pairs", epoch, clip).permutation(self._length - 1)[:count] for clip in range(self._clips)]
        return np.concatenate([clip * self._length + 1 + each for clip, each in enumerate(steps)])

    def take(self, index: np.ndarray) -> ClipBatch:
        """The frames at these positions and those before."""
        both = np.concatenate([index, index - 1])
        backward = self._backward[torch.from_numpy(both).to(self._backward.device)]
        return ClipBatch(*self._batches.take(both), backward)

    def sample_ids(self, index: np.ndarray) -> list[str]:
        """The names of the frames at these positions."""
        return self._batches.sample_ids(index)
