"""One photograph of any size through a harmonizer that was trained at one size.

Photographs are uint8 (H, W, 3); masks uint8 (H, W), 255 = foreground, soft values kept.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from imharmony.colour.ranges import mask_from_uint8, metric_from_network, network_from_uint8
from imharmony.errors import InputError
from imharmony.networks.harmonizer import Harmonizer
from imharmony.pictures.pairs import check_pair, squared

TILE_PX = 2**20  # pixels that are worked on at once, in float: about 0.2 GB with the widest maps


def harmonize(photo: np.ndarray, mask: np.ndarray, *, harmonizer: Harmonizer, size_px: int) -> np.ndarray:
    """The photograph with its foreground harmonized, uint8 (H, W, 3); pixels where the mask is 0 are untouched.

    The network sees the picture at ``size_px`` squared, as in training. Its *change* is enlarged and added to the
    photograph, so that detail finer than the network's grid stays; a change with sharp edges of its own is blurred by that.
    A network of colour maps has its maps enlarged instead, which recolours the detail too. The enlarged is made for a few
    columns at a time: at full size there are the photograph, its mask and the result, and nothing in float.
    """
    check_pair(photo, mask)
    harmonized = photo.copy()
    with torch.inference_mode():
        maps = maps_of(photo, mask, harmonizer=harmonizer, size_px=size_px)
        known = harmonizer.network.surveyed(maps, lambda: (_as_network(photo[:, columns]) for columns in _columns(*mask.shape)))
        for columns, own in _enlarged(known, mask):
            part = harmonized[:, columns]
            full = _as_network(part)
            change = _as_image(harmonizer.network.mapped(full, own) - full)
            alpha = mask[:, columns].astype(np.float32)[..., None] / 255
            part[:] = np.clip(np.rint(part + alpha * change), 0, 255).astype(np.uint8)
    return harmonized


def own_picture(photo: np.ndarray, mask: np.ndarray, *, harmonizer: Harmonizer, size_px: int) -> np.ndarray:
    """What ``harmonize`` makes of the whole photograph before its mask chooses, float32 (H, W, 3) in [0, 255].

    All of it is made at once, in float. Any mask will do, an empty one too.
    """
    with torch.inference_mode():
        maps = maps_of(photo, mask, harmonizer=harmonizer, size_px=size_px)
        full = _as_network(photo).to(maps.device)
        known = harmonizer.network.surveyed(maps, lambda: iter([full]))
        own = harmonizer.network.mapped(full, _bicubic(known, *mask.shape))
        return metric_from_network(own)[0].permute(1, 2, 0).float().cpu().numpy()


def maps_of(photo: np.ndarray, mask: np.ndarray, *, harmonizer: Harmonizer, size_px: int) -> Tensor:
    """What a network that was trained at ``size_px`` does to each pixel, (1, C, h, w); an ``InputError`` where it is not finite."""
    with torch.inference_mode():
        return _finite(harmonizer.maps(*inputs_of(photo, mask, harmonizer=harmonizer, size_px=size_px)))


def inputs_of(photo: np.ndarray, mask: np.ndarray, *, harmonizer: Harmonizer, size_px: int) -> tuple[Tensor, Tensor]:
    """The picture and the mask as a network sees them, (1, 3, S, S) in [-1, 1] and (1, 1, S, S) in [0, 1], on its device."""
    device = next((each.device for each in harmonizer.parameters()), torch.device("cpu"))
    composite = network_from_uint8(torch.from_numpy(squared(photo, size_px))[None])
    weight = mask_from_uint8(torch.from_numpy(squared(mask, size_px))[None])
    return composite.to(device), weight.to(device)


def _enlarged(maps: Tensor, mask: np.ndarray) -> Iterator[tuple[slice, Tensor]]:
    """The parts of maps (1, C, h, w), enlarged to the mask's size (H, W), whose columns the mask has anything in.

    All rows are first made as long as they will be. Enlarging a few of their columns downwards then gives the bits that enlarging all
    at once gives: along a side that stays as long as it is, bicubic weights are 0, 1, 0 and 0.
    """
    height, width = mask.shape
    rows = _bicubic(maps, maps.shape[2], width)
    for columns in _columns(height, width):
        if mask[:, columns].any():
            yield columns, _bicubic(rows[..., columns], height, columns.stop - columns.start)


def _columns(height: int, width: int) -> Iterator[slice]:
    """The parts of a photograph that are worked on one after the other."""
    step = max(TILE_PX // height, 1)
    for left in range(0, width, step):
        yield slice(left, min(left + step, width))


def _finite(maps: Tensor) -> Tensor:
    """Raises an ``InputError`` if a network, whose weights are finite, says NaN or infinite of this picture."""
    if not bool(torch.isfinite(maps).all()):
        raise InputError("the model says NaN or infinite of this photograph; expected a picture; train it again or take another")
    return maps


def _bicubic(maps: Tensor, height: int, width: int) -> Tensor:
    return interpolate(maps, (height, width), mode="bicubic", align_corners=False)


def _as_network(part: np.ndarray) -> Tensor:
    return network_from_uint8(torch.from_numpy(part.copy())[None])


def _as_image(change: Tensor) -> np.ndarray:
    return change[0].permute(1, 2, 0).float().numpy() * 127.5
