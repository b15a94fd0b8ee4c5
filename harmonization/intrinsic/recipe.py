"""How composites are semi-harmonized: by which decomposition, and how far.

Composites are uint8 sRGB (H, W, 3); mattes uint8 (H, W), 255 = the object, whichever part of the picture is to be changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from harmonization.composites import to_harmonize
from harmonization.errors import InputError
from harmonization.files import sha256_of
from harmonization.intrinsic.checkpoint import load_shading_network
from harmonization.intrinsic.compositing import STRENGTH, SemiHarmonized, semi_harmonize
from harmonization.intrinsic.compphoto import compphoto, find_environment
from harmonization.intrinsic.decomposition import DECOMPOSITIONS, ShadingOf
from harmonization.intrinsic.learned import LEARNED, learned_shading
from harmonization.intrinsic.normals import inflate

RELEASED = "compphoto"
BACKENDS = (LEARNED, "luminance", "retinex", RELEASED)
LIGHT_PX = 256  # longer side at which lights are fitted: at 640 px the fit would take twice as long as all else together


class Preprocess(Protocol):
    """A recipe as a function. Back ends of ours fit lights only if asked to: they change none (``_ours``)."""

    def __call__(self, composite: np.ndarray, matte: np.ndarray, direction: str, *, with_lights: bool = False) -> SemiHarmonized: ...


@dataclass(frozen=True)
class Recipe:
    """All that a semi-harmonized picture depends on beside its composite. ``compphoto`` knows ``seed`` alone."""

    backend: str
    strength: float = STRENGTH
    feather_px: float = 0.0
    seed: int = 0
    model: Path | None = None  # of ``learned``


def recipe_of(metadata: Mapping[str, Any], *, name: str, shading: Path | None) -> Recipe | None:
    """How pictures are preprocessed for a harmonizer with this ``metadata``, by the network in the file ``shading``; None: not at all.

    ``name`` is the harmonizer's for the message of the ``InputError`` that says what is missing, or that the network is another one.
    """
    chosen = metadata.get("preprocessing")
    if chosen is None:
        return None
    known = {field: chosen[field] for field in ("backend", "strength", "feather_px", "seed")}
    expected = chosen["shading_sha256"]
    if expected is None:
        return Recipe(**known)
    if shading is None:
        raise InputError(f"{name}: was trained on semi-harmonized pictures; expected --shading with the network that makes them")
    if not shading.is_file():
        raise InputError(f"{shading}: no such file; expected model.safetensors of the stage train_shading")
    if (came := sha256_of(shading)) != expected:
        raise InputError(
            f"{shading}: its SHA-256 begins with {came[:12]}; expected {expected[:12]}, as {name} was trained with; take that one"
        )
    return Recipe(**known, model=shading)


def preprocessor(recipe: Recipe) -> Preprocess:
    """The recipe with all that it needs loaded; an ``InputError`` says what is missing."""
    return _released(recipe) if recipe.backend == RELEASED else _ours(recipe)


def _released(recipe: Recipe) -> Preprocess:
    environment = find_environment()

    def preprocess(composite: np.ndarray, matte: np.ndarray, direction: str, *, with_lights: bool = False) -> SemiHarmonized:  # noqa: ARG001
        return compphoto(composite, _share(to_harmonize(matte, direction)), environment=environment, seed=recipe.seed)

    return preprocess


def _ours(recipe: Recipe) -> Preprocess:
    """Without new light: nothing here knows the normals of a background, so its light is never trusted and none could be taken over."""
    shading_of = _shading_of(recipe)

    def preprocess(composite: np.ndarray, matte: np.ndarray, direction: str, *, with_lights: bool = False) -> SemiHarmonized:
        return semi_harmonize(
            composite,
            _share(to_harmonize(matte, direction)),
            shading_of=shading_of,
            normals=inflate(_share(matte)) if with_lights else None,  # the object's, also where all around it is changed
            strength=recipe.strength,
            feather_px=recipe.feather_px,
            light_px=LIGHT_PX,
            with_lights=with_lights,
        )

    return preprocess


def _shading_of(recipe: Recipe) -> ShadingOf:
    if recipe.backend not in BACKENDS:
        raise InputError(f"intrinsic back end is {recipe.backend!r}; expected one of {list(BACKENDS)}")
    if recipe.backend != LEARNED:
        return DECOMPOSITIONS[recipe.backend]
    if recipe.model is None:
        raise InputError("the intrinsic back end 'learned' came without a network; expected model.safetensors of the stage train_shading")
    network, metadata = load_shading_network(recipe.model)
    return learned_shading(network, size_px=metadata["shading"]["size_px"])


def _share(matte: np.ndarray) -> np.ndarray:
    return matte.astype(np.float32) / 255
