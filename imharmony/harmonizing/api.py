"""The Python interface: ``imharmony.harmonize``, ``imharmony.explain`` and ``imharmony.Harmonizer``."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
from PIL import Image

from imharmony.errors import InputError
from imharmony.harmonizing.arrays import Known, Picture, batch_of, joined, mask_of, picture_of
from imharmony.harmonizing.explanation import Explanation, explain_change
from imharmony.harmonizing.models import Model, Said, load_model
from imharmony.harmonizing.offers import CLASSICAL, STARTER, Direction
from imharmony.pictures.pairs import check_pair
from imharmony.pictures.visible import filled
from imharmony.portable.mapping import mapped, strips

Kind = TypeVar("Kind")
LEAST_TRUST = 0.6  # of what the members of a model say in the mean; benchmarks/results/cautious.csv says what it saves and costs


@dataclass(frozen=True)
class Proposal:
    """What a model would change in a photograph, to be had at any strength."""

    photo: np.ndarray  # uint8 sRGB (H, W, 3)
    region: np.ndarray  # uint8 (H, W), 255 = what is changed
    said: Said

    @property
    def is_trusted(self) -> bool | None:
        """Whether an improvement is expected; None where the model does not tell."""
        return None if self.said.trust is None else self.said.trust >= LEAST_TRUST

    def picture(self, strength: float = 1.0) -> np.ndarray:
        """The photograph with that much of the change, uint8 (H, W, 3); where the region is 0 bit for bit as it was."""
        return self._mapped(strength, rounded=True)

    def levels(self, strength: float = 1.0, *, of: np.ndarray | None = None) -> np.ndarray:
        """The same, float32 in levels of 0 to 255, not rounded; for files of 16 bits.

        ``of`` is the photograph in such levels, where they are known: then the change is that of these, and a gradient gets no steps.
        """
        if of is None or self.said.base is not None:
            return self._mapped(strength, rounded=False)
        expect_strength(strength)
        levels = self.photo.astype(np.float32)
        for rows, columns, values in strips(of, self.region, self.said.maps, self.said.kind, strength=strength):
            levels[rows, columns] += values - of[rows, columns]
        return np.clip(levels, 0, 255, out=levels)

    def explanation(self, strength: float = 1.0) -> Explanation:
        """The change in numbers and words."""
        return explain_change(self.photo, self.picture(strength), self.region.astype(np.float32) / 255)

    def _mapped(self, strength: float, *, rounded: bool) -> np.ndarray:
        expect_strength(strength)
        said, base = self.said, self.said.base
        if base is None:
            return mapped(self.photo, self.region, said.maps, said.kind, strength=strength, rounded=rounded)
        made = mapped(base, self.region, said.maps, said.kind, rounded=False)
        levels = self.photo + np.float32(strength) * (made - self.photo)
        return np.rint(levels).astype(np.uint8) if rounded else levels


def region_of(mask: np.ndarray, direction: Direction) -> np.ndarray:
    """What is changed: the pasted object of a mask uint8 (H, W), or all around it."""
    return mask if direction == "foreground" else 255 - mask


def _expect_direction(direction: str) -> None:
    if direction not in {"foreground", "background"}:
        raise InputError(f"direction {direction!r}: expected foreground or background")


def _expect_bytes(photo: np.ndarray, mask: np.ndarray) -> None:
    """What ``Harmonizer.propose`` takes; ``harmonize`` takes every kind."""
    for name, array, ends in (("photo", photo, (3,)), ("mask", mask, ())):
        is_bytes = isinstance(array, np.ndarray) and array.dtype == np.uint8
        if not is_bytes or array.ndim != 2 + len(ends) or array.shape[2:] != ends:
            came = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
            raise InputError(f"{name}: {came}; expected uint8 {'(H, W, 3)' if ends else '(H, W)'}, or `harmonize`, which takes any kind")


def expect_strength(strength: float) -> None:
    """An ``InputError`` unless it is 0 to 1."""
    if not isinstance(strength, int | float | np.number) or not 0 <= strength <= 1:
        raise InputError(f"strength {strength!r}: expected 0 (untouched) to 1 (what the model says)")


class Harmonizer:
    """A loaded model, to be used many times.

    >>> import numpy as np
    >>> photo = np.full((64, 64, 3), 120, np.uint8)
    >>> photo[16:48, 16:48] = (90, 60, 60)
    >>> mask = np.zeros((64, 64), np.uint8)
    >>> mask[16:48, 16:48] = 255
    >>> harmonizer = Harmonizer.load("reinhard")
    >>> result = harmonizer.harmonize(photo, mask)
    >>> result.shape, result.dtype, bool((result[mask == 0] == photo[mask == 0]).all())
    ((64, 64, 3), dtype('uint8'), True)
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @classmethod
    def load(cls, model: str | Path = STARTER, *, device: str = "cpu", intrinsic: Path | None = None) -> "Harmonizer":
        """A model by name or file, as ``load_model`` takes it."""
        return cls(load_model(model, device=device, intrinsic=intrinsic))

    def propose(self, photo: np.ndarray, mask: np.ndarray, *, direction: Direction = "foreground") -> Proposal:
        """What is to be changed in a photograph uint8 sRGB (H, W, 3) whose pasted object is 255 in the mask uint8 (H, W)."""
        _expect_direction(direction)
        _expect_bytes(photo, mask)
        region = region_of(mask, direction)
        check_pair(photo, region)
        return Proposal(photo, region, self.model.say(photo, region, direction=direction))

    def _of_known(self, known: Known, mask: np.ndarray, direction: Direction) -> Proposal:
        """A proposal for what is visible: hidden colours play no part."""
        _expect_direction(direction)
        region = region_of(mask, direction)
        check_pair(known.rgb, region)
        return self.propose(filled(known.rgb, known.alpha, region, name="image"), mask, direction=direction)

    def harmonize(
        self, image: Any, mask: Any, *, strength: float = 1.0, direction: Direction = "foreground", cautious: bool = False
    ) -> Any:
        """The image harmonized, as what it came: see ``imharmony.harmonize``."""

        def one(image: Picture, mask: Picture) -> Any:
            known = picture_of(image)
            proposal = self._of_known(known, mask_of(mask), direction)
            applied = 0.0 if cautious and not _expect_told(proposal) else strength
            levels = proposal.picture(applied) if known.fine is None else proposal.levels(applied, of=known.fine)
            new = (levels != proposal.photo).any(axis=2)
            if known.fine is not None:  # what was seen is rounded, and what changes of it is added to what is there
                levels = known.fine + (levels - proposal.photo)
            if known.alpha is not None:
                new &= known.alpha > 0
                levels = np.where(new[..., None], levels, known.rgb)
            return known.back(levels, new)

        return _each(one, image, mask, lambda outputs: joined(outputs, image))

    def explain(self, image: Any, mask: Any, *, strength: float = 1.0, direction: Direction = "foreground") -> Any:
        """What harmonizing would change, in numbers and words; of a batch a list."""

        def one(image: Picture, mask: Picture) -> Explanation:
            return self._of_known(picture_of(image), mask_of(mask), direction).explanation(strength)

        return _each(one, image, mask, list)


@overload
def harmonize(
    image: str | PathLike[str],
    mask: Any,
    model: str | Path = ...,
    strength: float = ...,
    *,
    direction: Direction = ...,
    cautious: bool = ...,
    device: str = ...,
) -> Image.Image: ...
@overload
def harmonize(
    image: Kind,
    mask: Any,
    model: str | Path = ...,
    strength: float = ...,
    *,
    direction: Direction = ...,
    cautious: bool = ...,
    device: str = ...,
) -> Kind: ...
def harmonize(
    image: Any,
    mask: Any,
    model: str | Path = STARTER,
    strength: float = 1.0,
    *,
    direction: Direction = "foreground",
    cautious: bool = False,
    device: str = "cpu",
) -> Any:
    """The image with its pasted object's colours fitted to the rest.

    ``image`` is an array (H, W, 3 or 4) of uint8, uint16 or floats in [0, 1], a PIL image, a path, or a torch tensor (3, H, W); or a
    batch: a list of these, an array (B, H, W, 3), a tensor (B, 3, H, W). Its colours are taken for sRGB. ``mask`` is the same without
    channels: 255, 1 or True where the object is, soft values kept. ``strength`` 0 leaves the image, 1 is all that the model says.
    ``cautious`` leaves it where no improvement is expected.

    Returns what came in: an array gives an array of its type, a tensor a tensor, a path a PIL image. Pixels outside the mask, and an alpha
    channel, are untouched. Raises ``imharmony.InputError`` with one line that says what came and what was expected.

    >>> import numpy as np
    >>> photo = np.full((64, 64, 3), 0.5, np.float32)
    >>> mask = np.zeros((64, 64), bool)
    >>> mask[16:48, 16:48] = True
    >>> harmonize(photo, mask, model="multiband").shape
    (64, 64, 3)
    """
    return loaded(model, device).harmonize(image, mask, strength=strength, direction=direction, cautious=cautious)


def explain(image: Any, mask: Any, model: str | Path = STARTER, strength: float = 1.0, *, direction: Direction = "foreground") -> Any:
    """What ``harmonize`` would change, as an ``Explanation``: stops, kelvin, tint, saturation, contrast, and ``words``."""
    return loaded(model, "cpu").explain(image, mask, strength=strength, direction=direction)


def loaded(model: str | Path, device: str) -> Harmonizer:
    """A model by its name is loaded once a process; a file is read each time, for it may have changed."""
    return _by_name(str(model), device) if str(model) in {STARTER, *CLASSICAL} else Harmonizer.load(model, device=device)


@lru_cache(maxsize=8)
def _by_name(name: str, device: str) -> Harmonizer:
    return Harmonizer.load(name, device=device)


def _expect_told(proposal: Proposal) -> bool:
    """Whether an improvement is expected; an ``InputError`` where the model does not tell."""
    if proposal.is_trusted is None:
        raise InputError("cautious: this model does not tell how sure it is; expected one of several members, such as 'starter'")
    return proposal.is_trusted


def _each(one: Callable[[Any, Any], Any], image: Any, mask: Any, together: Callable[[list[Any]], Any]) -> Any:
    """What becomes of a picture; of a batch ``together`` of what becomes of each."""
    batch = batch_of(image)
    return one(image, mask) if batch is None else together([one(*pair) for pair in zip(batch, _masks(mask, len(batch)), strict=True)])


def _masks(mask: Any, count: int) -> list[Any]:
    """A mask for each picture of a batch."""
    masks = list(mask) if isinstance(mask, list | tuple) or getattr(mask, "ndim", 0) >= 3 else [mask] * count
    if len(masks) != count:
        raise InputError(f"{len(masks)} masks for {count} pictures; expected one each, or one (H, W) for all")
    return masks
