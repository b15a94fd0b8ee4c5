"""What photographs without known layers teach a shading network: that another light changes the shading and not the paint.

A photograph is seen twice, the second time under a light that differs by gains which are known pixel by pixel: those of the transfer
``illumination`` (level, contrast and warmth of the light that a guided filter finds), times a smooth field drawn at random, which
nothing in the picture tells of. Paint being the same, the logarithm of the shading has to change by that of the gain. And where colour
changes from pixel to pixel, paint does: there shading should be smooth (as Retinex has it, Grosse et al. 2009).
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from imharmony.colour.ranges import network_from_uint8
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.intrinsic.decomposition import linear_of
from imharmony.intrinsic.network import ShadingNetwork, log_shading
from imharmony.transfer.illumination import change_of_light, draw_illumination, light_stops

FIELD_NODES = 4  # a side, of the smooth field
FIELD_STOPS = 0.5  # standard deviation at the nodes
SMOOTHNESS = 0.2  # weight of the smoothness of shading where colour changes
CHROMA_STEP = 0.025  # of the chromaticity from a pixel to the next: a change of paint (Bell et al. 2014)
CLIPPED = 0.98  # of the sRGB range: beyond it a sensor does not tell what it got
GAMMA = 2.2


@dataclass(frozen=True)
class Photographs:
    """uint8 (N, S, S, 3) sRGB, and the stops (N, S, S) float32 by which their light differs from its mean."""

    images: np.ndarray
    light: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class RelitPairs:
    """Photographs (B, 3, S, S) in [-1, 1] under two lights."""

    first: Tensor
    second: Tensor
    log_gain: Tensor  # (B, 1, S, S) of the second light over the first, the mean over the channels
    is_told: Tensor  # (B, 1, S, S) bool: nothing is clipped


def photographs_of(split: PackedSplit) -> Photographs:
    """The real photographs of a packed split, each once."""
    found: dict[int, int] = {}
    for index, image_id in enumerate(split.rows["image_id"].to_pylist()):
        found.setdefault(image_id, index)
    images = np.stack([split.real[index] for index in found.values()])
    lights = [light_stops(linear_of(image)) for image in images]
    return Photographs(images, np.stack([light - light.mean() for light in lights]).astype(np.float32))


def draw_pairs(photographs: Photographs, rng: np.random.Generator, *, batch_size: int, device: torch.device) -> RelitPairs:
    """A batch drawn with replacement, mirrored or not, and its second light."""
    if batch_size < 1:
        raise InputError(f"{batch_size} photographs in a batch: expected at least 1")
    index = rng.integers(0, len(photographs), batch_size)
    mirrored = rng.random(batch_size) < 0.5
    images, light = photographs.images[index], photographs.light[index]
    images, light = (np.where(mirrored.reshape(-1, *[1] * (a.ndim - 1)), a[:, :, ::-1], a) for a in (images, light))
    stops = np.stack([_stops(one, rng) for one in light]).transpose(0, 3, 1, 2).astype(np.float32)
    gain = torch.exp2(torch.from_numpy(stops)).to(device)
    first = network_from_uint8(torch.from_numpy(np.ascontiguousarray(images)).to(device))
    brightness = (first + 1) / 2 * gain ** (1 / GAMMA)
    is_told = torch.maximum(brightness, (first + 1) / 2).amax(1, keepdim=True) < CLIPPED
    return RelitPairs(first, 2 * brightness.clamp(max=1) - 1, gain.mean(1, keepdim=True).log(), is_told)


def consistency_loss(network: ShadingNetwork, pairs: RelitPairs) -> Tensor:
    """A scalar: how far log shading's change is from that of the light, up to a factor, and how rough shading is where colour changes."""
    both = log_shading(network(torch.cat([pairs.first, pairs.second]).contiguous(memory_format=torch.channels_last)))
    before, after = both.chunk(2)
    told = pairs.is_told.float()
    difference = (after - before - pairs.log_gain) * told
    level = difference.sum((1, 2, 3), keepdim=True) / told.sum((1, 2, 3), keepdim=True).clamp(min=1)
    wrong = ((difference - level * told).abs().sum() / told.sum().clamp(min=1)) + _gradients(difference, told)
    return wrong + SMOOTHNESS * _roughness(before, pairs.first)


def _stops(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stops (S, S, 3) of a second light."""
    common, lit, colour = change_of_light(light, draw_illumination(rng))
    field = cv2.resize(FIELD_STOPS * rng.standard_normal((FIELD_NODES, FIELD_NODES)), light.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return (common + field)[..., None] + lit[..., None] * colour


def _gradients(difference: Tensor, told: Tensor) -> Tensor:
    total = difference.new_zeros(())
    for dim in (2, 3):
        size = difference.shape[dim] - 1
        both = told.narrow(dim, 0, size) * told.narrow(dim, 1, size)
        total = total + (difference.diff(dim=dim) * both).abs().sum() / both.sum().clamp(min=1)
    return total


def _roughness(logs: Tensor, photographs: Tensor) -> Tensor:
    """Mean size of the steps of log shading, each weighed by how surely colour, and so paint, changes there (0..1)."""
    linear = ((photographs + 1) / 2) ** GAMMA
    chroma = (linear - linear.mean(1, keepdim=True)) / (linear.sum(1, keepdim=True) + 0.02)  # the addend: black has no colour
    total = logs.new_zeros(())
    for dim in (2, 3):
        change = chroma.diff(dim=dim).square().sum(1, keepdim=True)
        total = total + ((1 - torch.exp(-change / (2 * CHROMA_STEP**2))) * logs.diff(dim=dim).abs()).mean()
    return total
