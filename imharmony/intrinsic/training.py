"""Training the shading network on scenes whose shading is known, and on photographs where it is not."""

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.ranges import network_from_uint8
from imharmony.intrinsic.network import CHANNELS, ShadingNetwork, log_shading
from imharmony.intrinsic.relighting import Photographs, consistency_loss, draw_pairs
from imharmony.intrinsic.scenes import ShadingPairs
from imharmony.running.randomness import torch_seed
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.training.augmentation import apply_crops, draw_crops
from imharmony.training.fitting import expect_work, fitted

GRADIENT_WEIGHT = 2.0
LEVEL_WEIGHT = 0.05  # keeps the free scale near the renderer's, so that D stays away from its ends
LARGEST_TINT = 0.12  # of a channel, as white balance leaves it
LARGEST_EXPOSURE = 0.4  # of the logarithm
GAMMA = 2.2


def fit_shading(
    pairs: ShadingPairs,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    device: torch.device,
    channels: tuple[int, ...] = CHANNELS,
    photographs: Photographs | None = None,
    consistency: float = 0.0,
) -> ShadingNetwork:
    """A shading network, on the CPU in its evaluation mode.

    Random crops, mirroring, tints and exposures. With ``photographs`` each step also sees
    half as many of them as scenes, under two lights each, and ``consistency`` weighs what is wrong there (``consistency_loss``). The
    same arguments give the same bits on the same machine and device.
    """
    if (photographs is None) != (consistency == 0):
        raise ValueError(f"consistency {consistency} and photographs {photographs is not None}; expected both or neither")
    expect_work(steps, batch_size, of="scenes")
    with torch_seed(stable_hash(seed, "build", "shading"), torch.device("cpu")):
        network = ShadingNetwork(channels=channels).to(device).to(memory_format=torch.channels_last)  # a third faster on a processor

    def loss_of(step: int) -> Tensor:
        images, target = _batch(pairs, numpy_rng(seed, "shading", step), batch_size=batch_size, device=device)
        loss = shading_loss(log_shading(network(images)), target)
        if photographs is None:
            return loss
        relit = draw_pairs(photographs, numpy_rng(seed, "relit", step), batch_size=max(batch_size // 2, 1), device=device)
        return loss + consistency * consistency_loss(network, relit)

    return fitted(network, loss_of, steps=steps, learning_rate=learning_rate, what="train")


def shading_loss(estimate: Tensor, target: Tensor) -> Tensor:
    """Distance of log shadings (B, 1, H, W), a scalar that a common factor of a picture's shading hardly changes.

    The L1 distance after each picture's mean difference is taken away, twice the L1 distance of the gradients, and 0.05 times the
    size of that mean difference.
    """
    difference = estimate - target
    level = difference.mean((1, 2, 3), keepdim=True)
    across, down = difference.diff(dim=3), difference.diff(dim=2)
    return (
        (difference - level).abs().mean()
        + GRADIENT_WEIGHT * (across.abs().mean() + down.abs().mean()) / 2
        + LEVEL_WEIGHT * level.abs().mean()
    )


def _batch(pairs: ShadingPairs, rng: np.random.Generator, *, batch_size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Photographs (B, 3, S, S) in [-1, 1] and log shadings (B, 1, S, S) of scenes drawn with replacement."""
    index = rng.integers(0, len(pairs.images), batch_size)
    side = pairs.images.shape[1]
    crops = draw_crops(np.ones((batch_size, side, side), np.uint8), rng)
    images = network_from_uint8(torch.from_numpy(pairs.images[index]).to(device))
    shading = torch.from_numpy(pairs.log_shading[index]).to(device)[:, None]
    cropped = apply_crops(torch.cat([images, shading], 1), crops)
    return _relit(cropped[:, :3], rng).contiguous(memory_format=torch.channels_last), cropped[:, 3:].contiguous()


def _relit(images: Tensor, rng: np.random.Generator) -> Tensor:
    """The photographs under a light of another colour and strength; what becomes brighter than white is clipped, as a sensor does."""
    tint = 1 + rng.uniform(-LARGEST_TINT, LARGEST_TINT, (len(images), 3, 1, 1))
    strength = np.exp(rng.uniform(-LARGEST_EXPOSURE, LARGEST_EXPOSURE, (len(images), 1, 1, 1)))
    gain = torch.from_numpy(((tint * strength) ** (1 / GAMMA)).astype(np.float32)).to(images.device)
    return ((images + 1) * gain).clamp(max=2) - 1
