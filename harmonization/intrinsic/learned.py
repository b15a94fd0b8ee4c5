"""A trained shading network as one of the ways to find shading."""

import cv2
import numpy as np
import torch

from harmonization.intrinsic.decomposition import ShadingOf
from harmonization.intrinsic.network import STRIDE_PX, ShadingNetwork, log_shading
from harmonization.ranges import network_from_uint8

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
        return np.exp(cv2.resize(logs, (width, height), interpolation=cv2.INTER_CUBIC if scale < 1 else cv2.INTER_AREA).astype(np.float64))

    return shading_of
