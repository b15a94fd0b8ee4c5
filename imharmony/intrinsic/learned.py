"""Trained networks as one of the ways to find shading, and to choose edits."""

import cv2
import numpy as np
import torch

from imharmony.colour.ranges import network_from_uint8
from imharmony.intrinsic.decomposition import ShadingOf
from imharmony.intrinsic.edit_network import EditNetwork, network_layers
from imharmony.intrinsic.edits import AlbedoEdit, EditsOf, Parts, Pasted, ShadingEdit
from imharmony.intrinsic.network import STRIDE_PX, ShadingNetwork, log_shading
from imharmony.intrinsic.strips import shrunk

LEARNED = "learned"  # beside the names of ``decomposition.DECOMPOSITIONS``


def learned_shading(network: ShadingNetwork, *, size_px: int) -> ShadingOf:
    """What ``decomposition.decompose`` takes; ``size_px`` is the side of the pictures that the network was trained on.

    The network sees a picture whose longer side has that size. Its log shading is enlarged smoothly: detail finer than its grid
    counts as paint.
    """

    network = network.to(memory_format=torch.channels_last)  # half again as fast on a processor

    def shading_of(photograph: np.ndarray) -> np.ndarray:
        height, width = photograph.shape[:2]
        scale = size_px / max(height, width)
        seen = tuple(max(round(side * scale), STRIDE_PX) for side in (width, height))
        small = cv2.resize(photograph, seen, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        with torch.inference_mode():
            logs = log_shading(network(network_from_uint8(torch.from_numpy(small)[None])))[0, 0].numpy()
        logs = cv2.resize(logs, (width, height), interpolation=cv2.INTER_CUBIC if scale < 1 else cv2.INTER_AREA)
        return np.exp(logs, dtype=np.float64)

    return shading_of


def learned_edits(network: EditNetwork, *, size_px: int) -> EditsOf:
    """Edits that a network chooses, from layers that are squared to ``size_px`` as those were that it was trained on."""

    def edits_of(pasted: Pasted) -> tuple[AlbedoEdit, ShadingEdit]:
        background = None if pasted.background is None else _squared(pasted.background, size_px)
        inside = pasted.inside
        (share,) = shrunk(lambda rows: (inside[rows].astype(np.float32),), inside.shape, size_px)
        mask = torch.from_numpy(share)[None, None]
        with torch.inference_mode():
            gains = network(_squared(pasted.layers, size_px), mask, background)
        white_balance, curve, saturation, exposure, contrast = (gain[0].numpy().astype(np.float64) for gain in gains)
        middle = float(np.log(pasted.own[1]).mean())
        return AlbedoEdit(white_balance, curve, float(saturation[0]), float(exposure[0])), ShadingEdit(middle, 0.0, float(contrast[0]))

    return edits_of


def _squared(layers: Parts, size_px: int) -> torch.Tensor:
    def seen(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        part = layers.part(rows)
        return part.albedo.astype(np.float32), np.log(part.shading).astype(np.float32)

    albedo, logs = shrunk(seen, layers.size, size_px)
    return network_layers(torch.from_numpy(albedo).permute(2, 0, 1)[None], torch.from_numpy(logs)[None, None])
