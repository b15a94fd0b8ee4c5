"""Which pictures a protocol compares: a background and a quantisation. Published tables differ in both.

- background ``raw``: the method's own picture everywhere. ``composite``: its picture inside the mask, the composite outside, which
  is what a user gets. ``real``: the real photograph outside, which no user has; only so that such published numbers can be compared.
  ``real_twice``: the composite blended over the real photograph, and the output over that, as RainNet's code does; where the mask is
  hard, the same as ``real``. ``weighed``: no picture; the error of the method's own is weighed by the mask, as PCT-Net's code does.
- quantisation ``float``: as computed. ``uint8``: rounded to the nearest level, as saved. ``truncated``: as the code of the pix2pix
  family shows pictures, the real one included: to [-1, 1] and back in float32, then cut off. It moves 63 of the 256 levels by one.
  ``output_cut``: the output is cut off before it is blended, as DiffHarmony saves its files; the real one is as it is.

Images are float (B, 3, H, W) in [0, 255], masks (B, 1, H, W) in [0, 1].
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from imharmony.evaluation.measures import Pictures

Background = Literal["raw", "composite", "real", "real_twice", "weighed"]
Quantisation = Literal["float", "uint8", "truncated", "output_cut"]
Protocol = tuple[Background, Quantisation]

BACKGROUNDS: tuple[Background, ...] = ("raw", "composite", "real")
QUANTISATIONS: tuple[Quantisation, ...] = ("float", "uint8", "truncated")
PROTOCOLS: list[Protocol] = [(background, quantisation) for background in BACKGROUNDS for quantisation in QUANTISATIONS]


def on_background(raw: Tensor, *, composite: Tensor, real: Tensor, mask: Tensor, background: str) -> Tensor:
    """The picture to score: ``raw`` inside the mask and the named one of ``BACKGROUNDS`` outside, blended where the mask is soft."""
    return raw if background == "raw" else torch.lerp({"composite": composite, "real": real}[background], raw, mask.to(raw))


def quantised(picture: Tensor, quantisation: str) -> Tensor:
    """The picture as computed (``float``), as a file would hold it (``uint8``) or as older code shows it (``truncated``)."""
    if quantisation == "float":
        return picture
    return truncated(picture) if quantisation == "truncated" else picture.clamp(0, 255).round_()


def truncated(picture: Tensor) -> Tensor:
    """Levels as ``tensor2im`` of pix2pix's and DoveNet's code gives them: float32 arithmetic, nothing is rounded."""
    return _shown(_network(picture))


def real_twice(raw: Tensor, *, composite: Tensor, real: Tensor, mask: Tensor) -> Pictures:
    """RainNet's and HDNet's: blended in [-1, 1] in their order, since a last bit decides which level is shown."""
    inside, outside, known = mask.float(), 1 - mask.float(), _network(real)
    given = _network(composite).mul_(inside).add_(known * outside)
    return Pictures(_shown(_network(raw).mul_(inside).add_(given.mul_(outside))), _shown(known), composite, mask)


def output_cut(raw: Tensor, *, composite: Tensor, real: Tensor, mask: Tensor) -> Pictures:
    """DiffHarmony's: a file's levels inside the mask, the real photograph outside, blended and not rounded again."""
    inside, known = mask.float(), real.float()
    return Pictures(raw.float().clamp(0, 255).floor_() * inside + known * (1 - inside), known, composite, mask)


def weighed(raw: Tensor, *, composite: Tensor, real: Tensor, mask: Tensor) -> Pictures:
    """PCT-Net's: the method's own picture."""
    return Pictures(raw, real, composite, mask, is_weighed=True)


NAMESAKES: dict[Protocol, Callable[..., Pictures]] = {
    ("real_twice", "truncated"): real_twice,
    ("weighed", "float"): weighed,
    ("real", "output_cut"): output_cut,
}
ALL_PROTOCOLS: list[Protocol] = [*PROTOCOLS, *NAMESAKES]


def _network(picture: Tensor) -> Tensor:
    return (picture.float() / 255).mul_(2).sub_(1)  # ToTensor and Normalize(0.5, 0.5)


def _shown(network: Tensor) -> Tensor:
    """The levels, in the tensor's own place."""
    return network.add_(1).div_(2).mul_(255).clamp_(0, 255).floor_()
