"""Which pictures a protocol compares: a background and a quantisation. Published tables differ in both.

- background ``raw``: the method's own picture everywhere. ``composite``: its picture inside the mask, the composite outside, which
  is what a user gets. ``real``: the real photograph outside, which no user has; only so that such published numbers can be compared.
  ``real_twice``: the composite blended over the real photograph, and the output over that, as RainNet's code does; where the mask is
  hard, the same as ``real``. ``weighed``: no picture; the error of the method's own is weighed by the mask, as PCT-Net's code does.
- quantisation ``float``: as computed. ``uint8``: rounded to the nearest level, as saved. ``truncated``: as the code of the pix2pix
  family shows pictures, the real one included: to [-1, 1] and back in float32, then cut off. It moves 63 of the 256 levels by one.
  ``output_cut``: the output is cut off before it is blended, as DiffHarmony saves its files; the real one is as it is.

Pictures are (H, W, 3) in [0, 255], float, or uint8 where a quantisation leaves whole levels. Where two are known to be equal nothing
is blended, quantised or compared again.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np

from imharmony.evaluation.compared import Pictures, Truth
from imharmony.metrics.memory import copied, unset
from imharmony.metrics.weights import Part, Weights, extent_of

Background = Literal["raw", "composite", "real", "real_twice", "weighed"]
Quantisation = Literal["float", "uint8", "truncated", "output_cut"]
Protocol = tuple[Background, Quantisation]

BACKGROUNDS: tuple[Background, ...] = ("raw", "composite", "real")
QUANTISATIONS: tuple[Quantisation, ...] = ("float", "uint8", "truncated")
PROTOCOLS: list[Protocol] = [(background, quantisation) for background in BACKGROUNDS for quantisation in QUANTISATIONS]


@dataclass(frozen=True)
class Scene:
    """A method's own picture, what it was given and what is true: float (H, W, 3) of one type, and the mask."""

    raw: np.ndarray
    composite: np.ndarray
    real: np.ndarray
    weights: Weights
    is_whole: bool  # composite and real have whole levels, as of files

    @staticmethod
    def of(raw: np.ndarray, composite: np.ndarray, real: np.ndarray, mask: np.ndarray) -> "Scene":
        """That of pictures uint8 or float, and a mask (H, W) in [0, 1]."""
        kind = np.result_type(raw, composite, real, np.float32)
        is_whole = all(each.dtype == np.uint8 or bool((quantised(each, "uint8") == each).all()) for each in (composite, real))
        raw, composite, real = (each if each.dtype == kind else copied(each, kind) for each in (raw, composite, real))
        return Scene(raw, composite, real, Weights.of(mask), is_whole)

    @cached_property
    def changed(self) -> Part:
        """Where composite and real differ, or a mask lets the output in: elsewhere pasted pictures are equal to both."""
        differs = (self.composite != self.real).reshape(len(self.real), -1)
        x, y, width, height = cv2.boundingRect(differs.view(np.uint8))
        both = np.zeros(self.real.shape[:2], np.uint8)
        both[y : y + height, x // 3 : (x + width + 2) // 3] = 1
        if self.weights.area > 0:
            both[self.weights.extent] = 1
        return extent_of(both)

    @cached_property
    def truths(self) -> dict[str, Truth]:
        """The real photograph as each quantisation has it."""
        own = Truth(self.real)
        rounded = Truth(self._levels(self.real), own) if self.is_whole else Truth(self._levels(quantised(self.real, "uint8")))
        return {"float": own, "uint8": rounded, "truncated": Truth(self._levels(truncated(self.real))), "output_cut": own}

    @cached_property
    def composites(self) -> dict[str, np.ndarray]:
        """The composite as each quantisation has it."""
        cut = self.truths["truncated"].levels.copy()
        cut[self.changed] = truncated(self.composite[self.changed])
        rounded = self.composite if self.is_whole else quantised(self.composite, "uint8")
        return {"float": self.composite, "uint8": self._levels(rounded), "truncated": cut}

    @cached_property
    def raws(self) -> dict[str, np.ndarray]:
        """The method's own picture as each quantisation has it."""
        return {"float": self.raw} | {each: self._levels(quantised(self.raw, each)) for each in QUANTISATIONS if each != "float"}

    def _levels(self, picture: np.ndarray) -> np.ndarray:
        """Whole levels in bytes, which are compared several times as fast; as they are in a scene with NaN, which no byte holds."""
        return copied(picture, np.uint8) if self._has_levels else picture

    @cached_property
    def _has_levels(self) -> bool:
        given = (self.raw,) if self.is_whole else (self.raw, self.composite, self.real)
        return not any(math.isnan(np.vdot(each, each)) for each in given)

    def pictures(self, background: str, quantisation: str) -> Pictures:
        """What one of ``PROTOCOLS`` compares."""
        own, truth, composite = self.raws[quantisation], self.truths[quantisation], self.composites[quantisation]
        if background == "raw":
            return Pictures(own, truth, composite, self.weights)
        behind, blend = {"composite": (composite, self._on_composite), "real": (truth.levels, self._on_real)}[background]
        shown = pasted(own, behind, self.weights, edge=quantised(blend, quantisation))
        return Pictures(shown, truth, composite, self.weights, part=self.changed)

    @cached_property
    def _on_composite(self) -> np.ndarray:
        return blended(self.raw, self.composite, self.weights)

    @cached_property
    def _on_real(self) -> np.ndarray:
        return blended(self.raw, self.real, self.weights)


def pasted(inside: np.ndarray, outside: np.ndarray, weights: Weights, *, edge: np.ndarray) -> np.ndarray:
    """One picture where the mask is 1, the other where it is 0, and the pixels (N, 3) between."""
    shown, part = copied(outside), weights.extent
    cv2.copyTo(inside[part], weights.opaque[part], shown[part])
    shown.reshape(-1, shown.shape[2])[weights.places] = edge
    return shown


def blended(raw: np.ndarray, behind: np.ndarray, weights: Weights) -> np.ndarray:
    """The pixels (N, 3) where the mask is soft, of ``raw`` over another picture."""
    import torch  # as for ``metrics.pictures``

    kind = np.result_type(raw, np.float32)
    colours = (picture.reshape(-1, picture.shape[2]).take(weights.places, axis=0) for picture in (behind, raw))
    below, over, share = (torch.from_numpy(each.astype(kind)) for each in (*colours, weights.soft[:, None]))
    return torch.lerp(below, over, share).numpy()


def quantised(picture: np.ndarray, quantisation: str) -> np.ndarray:
    """The picture as computed (``float``), as a file would hold it (``uint8``) or as older code shows it (``truncated``)."""
    if quantisation == "float":
        return picture
    if quantisation == "truncated":
        return truncated(picture)
    if picture.dtype == np.uint8:
        return picture
    levels = np.rint(picture, out=unset(picture.shape, picture.dtype))
    return np.clip(levels, 0, 255, out=levels)


def saved(raw: np.ndarray, composite: np.ndarray, weights: Weights) -> np.ndarray:
    """What a user gets, uint8 (H, W, 3): ``raw`` inside the mask, the composite, uint8, outside, rounded."""
    own, part = np.empty_like(composite), weights.extent
    own[part] = quantised(raw[part], "uint8")
    return pasted(own, composite, weights, edge=quantised(blended(raw, composite, weights), "uint8"))


def truncated(picture: np.ndarray) -> np.ndarray:
    """Levels as ``tensor2im`` of pix2pix's and DoveNet's code gives them: float32 arithmetic, nothing is rounded."""
    return _shown(_network(picture))


def real_twice(scene: Scene) -> Pictures:
    """RainNet's and HDNet's: blended in [-1, 1] in their order, since a last bit decides which level is shown."""
    part, truth = scene.weights.extent, scene.truths["truncated"]
    inside = scene.weights.mask[part].astype(np.float32)[..., None].repeat(3, axis=2)
    outside = 1 - inside
    given = _network(scene.composite[part]) * inside + _network(scene.real[part]) * outside
    shown = truth.levels.copy()
    shown[part] = _shown(_network(scene.raw[part]) * inside + given * outside)
    return Pictures(shown, truth, scene.composites["truncated"], scene.weights, part=part)


def output_cut(scene: Scene) -> Pictures:
    """DiffHarmony's: a file's levels inside the mask, the real photograph outside, blended and not rounded again."""
    part, truth = scene.weights.extent, scene.truths["output_cut"]
    inside = scene.weights.mask[part].astype(np.float32)[..., None].repeat(3, axis=2)
    shown = truth.levels.copy()
    shown[part] = np.floor(np.clip(scene.raw[part], 0, 255)) * inside + truth.levels[part] * (1 - inside)
    return Pictures(shown, truth, scene.composite, scene.weights, part=part)


def weighed(scene: Scene) -> Pictures:
    """PCT-Net's: the method's own picture."""
    return Pictures(scene.raw, scene.truths["float"], scene.composite, scene.weights, is_weighed=True)


NAMESAKES: dict[Protocol, Callable[[Scene], Pictures]] = {
    ("real_twice", "truncated"): real_twice,
    ("weighed", "float"): weighed,
    ("real", "output_cut"): output_cut,
}
ALL_PROTOCOLS: list[Protocol] = [*PROTOCOLS, *NAMESAKES]


def _network(picture: np.ndarray) -> np.ndarray:
    """ToTensor and Normalize(0.5, 0.5), halved: as halves and doubles are exact, only the scale differs from [-1, 1]."""
    halved = copied(picture, np.float32)
    halved /= np.float32(255)
    halved -= np.float32(0.5)
    return halved


def _shown(halved: np.ndarray) -> np.ndarray:
    """The levels, in the array's own place."""
    halved += np.float32(0.5)
    halved *= np.float32(255)
    return np.floor(np.clip(halved, 0, 255, out=halved), out=halved)
