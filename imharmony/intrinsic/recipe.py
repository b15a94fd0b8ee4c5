"""How composites are semi-harmonized: by which decomposition, and how far.

Composites are uint8 sRGB (H, W, 3); mattes uint8 (H, W), 255 = the object, whichever part of the picture is to be changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, get_args

import numpy as np

from imharmony.checkpoint import Backend, Edits
from imharmony.composing.composites import to_harmonize
from imharmony.errors import InputError
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, load_networks
from imharmony.intrinsic.compositing import STRENGTH, SemiHarmonized, semi_harmonize
from imharmony.intrinsic.compphoto import compphoto, find_environment
from imharmony.intrinsic.decomposition import DECOMPOSITIONS, ShadingOf
from imharmony.intrinsic.edits import EditsOf, fitted_edits
from imharmony.intrinsic.learned import LEARNED, learned_edits, learned_shading
from imharmony.intrinsic.normals import inflate
from imharmony.storage.files import sha256_of

RELEASED = "compphoto"
BACKENDS = get_args(Backend)
FITTED = "fitted"
EDITS = get_args(Edits)
LIGHT_PX = 256  # longer side at which lights are fitted: at 640 px the fit would take twice as long as all else together


class Preprocess(Protocol):
    """A recipe as a function. Back ends of ours fit lights only if asked to: they change none (``_ours``)."""

    def __call__(self, composite: np.ndarray, matte: np.ndarray, direction: str, *, with_lights: bool = False) -> SemiHarmonized: ...


@dataclass(frozen=True)
class Recipe:
    """All that a semi-harmonized picture depends on beside its composite. ``compphoto`` knows ``seed`` alone."""

    backend: str
    edits: str = FITTED
    strength: float = STRENGTH  # of ``fitted`` edits
    feather_px: float = 0.0
    seed: int = 0
    model: Path | None = None  # the networks, if something is ``learned``


def recipe_of(metadata: Mapping[str, Any], *, name: str, networks: Path | None) -> Recipe | None:
    """How pictures are preprocessed for a harmonizer with this ``metadata``, by the file ``networks``; None: not at all.

    ``name`` is the harmonizer's for the message of the ``InputError`` that says what is missing, or that the networks are others.
    """
    chosen = metadata.get("preprocessing")
    if chosen is None:
        return None
    known = {field: chosen[field] for field in ("backend", "edits", "strength", "feather_px", "seed")}
    expected = chosen["networks_sha256"]
    if expected is None:
        return Recipe(**known)
    if networks is None:
        raise InputError(f"{name}: was trained on semi-harmonized pictures; expected --intrinsic with the networks that make them")
    if not networks.is_file():
        raise InputError(f"{networks}: no such file; expected model.safetensors of the stage train_edits")
    if (came := sha256_of(networks)) != expected:
        raise InputError(
            f"{networks}: its SHA-256 begins with {came[:12]}; expected {expected[:12]}, as {name} was trained with; take that one"
        )
    return Recipe(**known, model=networks)


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
    shading_of, edits_of = ways_of(recipe)

    def preprocess(composite: np.ndarray, matte: np.ndarray, direction: str, *, with_lights: bool = False) -> SemiHarmonized:
        return semi_harmonize(
            composite,
            _share(to_harmonize(matte, direction)),
            shading_of=shading_of,
            edits_of=edits_of,
            normals=inflate(_share(matte)) if with_lights else None,  # the object's, also where all around it is changed
            feather_px=recipe.feather_px,
            light_px=LIGHT_PX,
            with_lights=with_lights,
        )

    return preprocess


def ways_of(recipe: Recipe) -> tuple[ShadingOf, EditsOf]:
    """How a recipe that is not ``compphoto``'s takes pictures apart, and how it chooses edits."""
    networks = IntrinsicNetworks() if recipe.model is None else load_networks(recipe.model)[0]
    return _shading_of(recipe, networks), _edits_of(recipe, networks)


def _shading_of(recipe: Recipe, networks: IntrinsicNetworks) -> ShadingOf:
    if recipe.backend not in BACKENDS:
        raise InputError(f"intrinsic back end is {recipe.backend!r}; expected one of {list(BACKENDS)}")
    if recipe.backend != LEARNED:
        return DECOMPOSITIONS[recipe.backend]
    if networks.shading is None:
        raise InputError("the intrinsic back end 'learned' came without its network; expected model.safetensors of the stage train_shading")
    return learned_shading(networks.shading, size_px=networks.shading_px)


def _edits_of(recipe: Recipe, networks: IntrinsicNetworks) -> EditsOf:
    if recipe.edits not in EDITS:
        raise InputError(f"edits is {recipe.edits!r}; expected one of {list(EDITS)}")
    if recipe.edits == FITTED:
        return fitted_edits(strength=recipe.strength)
    if networks.edits is None:
        raise InputError("learned edits came without their network; expected model.safetensors of the stage train_edits")
    return learned_edits(networks.edits, size_px=networks.edits_px)


def _share(matte: np.ndarray) -> np.ndarray:
    return matte.astype(np.float32) / 255
