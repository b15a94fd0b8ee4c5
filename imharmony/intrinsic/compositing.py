"""Report 001's preprocessing: a composite taken apart into paint and light, each brought nearer to the background's, and put together.

Composites are uint8 sRGB (H, W, 3); masks float (H, W) in [0, 1], 1 = foreground, soft values kept. After Careaga, Miangoleh and Aksoy
2023 ("Intrinsic harmonization for illumination-aware compositing"), without their networks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from imharmony.colour.spaces import srgb_from_linear
from imharmony.errors import InputError
from imharmony.intrinsic.decomposition import Decomposition, ShadingOf, decompose, decomposed, luminance_shading
from imharmony.intrinsic.edits import AlbedoEdit, EditsOf, Layers, Parts, Pasted, ShadingEdit, fitted_edits
from imharmony.intrinsic.light import Light, fit_light, relighting_ratio, well_exposed
from imharmony.intrinsic.normals import EDGE, inflate
from imharmony.intrinsic.paints import paints_of
from imharmony.intrinsic.strips import strips

STRENGTH = 0.5  # half of the way to the background in the logarithm: a foreground may differ from its surroundings
HALF_WAY = fitted_edits(strength=STRENGTH)


@dataclass(frozen=True)
class SemiHarmonized:
    """A composite's layers and what they became.

    ``albedo * shading`` is the composite's linear light to within 2/255; where the mask is 0 the image is the composite, bit for bit.
    """

    layers: Decomposition  # of the composite as it came
    normals: np.ndarray | None  # float32 (H, W, 3)
    light: Light | None  # on the foreground
    background_light: Light | None
    is_relit: bool
    image: np.ndarray  # uint8 sRGB (H, W, 3)

    @property
    def albedo(self) -> np.ndarray:
        """float32 (H, W, 3) linear, 0..1; made anew each time."""
        return self.layers.part(slice(None))[0]

    @property
    def shading(self) -> np.ndarray:
        """float32 (H, W); made anew each time."""
        return self.layers.part(slice(None))[1]


@dataclass(frozen=True)
class _Relit:
    """Layers of a composite, the shading in float64 and multiplied by a ratio (H, W) if one is given."""

    layers: Decomposition
    ratio: np.ndarray | None

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.layers.found.shape
        return height, width

    def part(self, rows: slice, chosen: np.ndarray | None = None) -> Layers:
        albedo, shading = self.layers.part(rows, chosen)
        relit = shading.astype(np.float64)
        if self.ratio is not None:
            relit *= self.ratio[rows] if chosen is None else self.ratio[rows].ravel()[chosen]
        return Layers(albedo, relit)


def semi_harmonize(
    composite: np.ndarray,
    mask: np.ndarray,
    *,
    shading_of: ShadingOf,
    background: np.ndarray | None = None,
    normals: np.ndarray | None = None,
    relight: bool = False,
    edits_of: EditsOf = HALF_WAY,
    feather_px: float = 0.0,
    light_px: int | None = None,
    with_lights: bool = True,
) -> SemiHarmonized:
    """The composite with its foreground's albedo and shading moved towards the background's.

    ``edits_of`` chooses how: ``edits.fitted_edits`` of any strength or ``learned.learned_edits``.
    ``shading_of`` is one of ``decomposition.DECOMPOSITIONS`` or ``learned.learned_shading``. A clean ``background`` of the composite's
    size is measured in place of what is seen of it. ``normals`` of the whole picture, if something knows them, take the place of the
    inflated mask before a background that faces the camera, which tells nothing of its light: without them ``relight`` changes
    nothing. The foreground changes gradually over ``feather_px`` inside the mask's edge. ``light_px``: see ``fit_lights``.
    Without ``with_lights`` neither normals nor lights are looked for, which halves the work and leaves the image as it is.
    """
    if relight and not with_lights:
        raise ValueError("relight needs lights; expected with_lights=True")
    inside = check(composite, mask, background=background, normals=normals)
    layers = decomposed(composite, shading_of)
    other_layers = None if background is None else _at_scale(layers, inside, background, shading_of)
    own = other = ratio = None
    is_relit = False
    if with_lights:
        normals = inflate(mask) if normals is None else normals
        # To luminance, whatever finds the shading: a network smooths what tells the side that light comes from, and paints are evened.
        own, other = fit_lights(composite, inside, decompose(composite, luminance_shading)[1], normals, longest_px=light_px)
        is_relit = relight and own.is_trusted and other.is_trusted
        if is_relit:
            ratio = np.where(inside, relighting_ratio(normals, own, other), 1.0)
    relit = _Relit(layers, ratio)
    image = _edited(composite, relit, edits_of(Pasted(relit, inside, other_layers)), feathered(mask, feather_px))
    return SemiHarmonized(layers, normals, own, other, is_relit, image)


def _edited(composite: np.ndarray, layers: Parts, edits: tuple[AlbedoEdit, ShadingEdit], alpha: np.ndarray) -> np.ndarray:
    """``blend`` of edited layers, made by strips and nowhere but where something changes."""
    edit, light_edit = edits
    image = composite.copy()
    for rows in strips(alpha.shape):
        chosen = np.flatnonzero(alpha[rows])
        if len(chosen):
            part = layers.part(rows, chosen)
            pixels = image[rows].reshape(-1, 3)  # a view: whole rows of an array in C order
            linear = edit(part.albedo) * light_edit(part.shading)[:, None]
            pixels[chosen] = blend_levels(pixels[chosen], _levels(linear), alpha[rows].ravel()[chosen])
    return image


def check(composite: np.ndarray, mask: np.ndarray, *, background: np.ndarray | None, normals: np.ndarray | None = None) -> np.ndarray:
    """Which pixels (H, W) are measured as foreground; an ``InputError`` if the parts do not fit each other."""
    size = f"{composite.shape[1]}x{composite.shape[0]}"
    for name, part in (("mask", mask), ("background", background), ("normals", normals)):
        if part is not None and part.shape[:2] != composite.shape[:2]:
            raise InputError(f"the {name} is {part.shape[1]}x{part.shape[0]} pixels; expected {size}, the composite's size; resize it")
    if not np.isfinite(mask).all() or mask.min() < 0 or mask.max() > 1:
        raise InputError(f"the mask has values from {mask.min()} to {mask.max()}; expected 0 to 1; divide an 8-bit mask by 255")
    inside = mask > EDGE * mask.max()
    if not inside.any():
        raise InputError("the mask is black everywhere; expected white where the pasted object is; invert or redraw it")
    if inside.all() and background is None:
        raise InputError("the mask is white everywhere and no background came; expected something to harmonize with; give a background")
    return inside


def fit_lights(
    composite: np.ndarray, inside: np.ndarray, shading: np.ndarray, normals: np.ndarray, *, longest_px: int | None = None
) -> tuple[Light, Light]:
    """The light on the foreground and on the background of a composite.

    A picture whose longer side exceeds ``longest_px`` is shrunk to it before: four numbers need no million pixels.
    """
    if longest_px is not None and max(inside.shape) > longest_px:
        composite, inside, shading, normals = _shrunk(composite, inside, shading, normals, longest_px / max(inside.shape))
    regions = [well_exposed(composite) & region for region in (inside, ~inside)]
    own, other = (fit_light(normals, shading, region, paints_of(composite, region)) for region in regions)
    return own, other


def _shrunk(
    composite: np.ndarray, inside: np.ndarray, shading: np.ndarray, normals: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    height, width = (max(round(side * scale), 1) for side in inside.shape)
    composite, share, shading, normals = (
        cv2.resize(layer, (width, height), interpolation=cv2.INTER_AREA)
        for layer in (composite, inside.astype(np.float32), shading, normals)
    )
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return composite, share > EDGE, shading, normals / np.maximum(length, 1e-6)


def blend(composite: np.ndarray, linear: np.ndarray, mask: np.ndarray, *, feather_px: float) -> np.ndarray:
    """The composite with new linear light where the mask says so, uint8 (H, W, 3); where the mask is 0 it is the composite."""
    return blend_levels(composite, _levels(linear), feathered(mask, feather_px))


def feathered(mask: np.ndarray, feather_px: float) -> np.ndarray:
    """How opaque a foreground is, float (H, W): its mask, gradually so over ``feather_px`` inside its edge."""
    if feather_px <= 0:
        return mask
    depth_px = cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    depth_px /= feather_px + 1
    return mask * np.clip(depth_px, 0, 1, out=depth_px)


def _levels(linear: np.ndarray) -> np.ndarray:
    return 255 * srgb_from_linear(np.clip(linear, 0, 1))


def blend_levels(composite: np.ndarray, levels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """``blend`` of new sRGB levels, float (..., 3) in [0, 255]."""
    mixed = composite + alpha.astype(np.float64)[..., None] * (levels - composite)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _at_scale(layers: Decomposition, inside: np.ndarray, background: np.ndarray, shading_of: ShadingOf) -> Layers:
    """The layers of a clean background. Each picture's have a scale of their own; where both show the same, it must be the same."""
    other_albedo, other_shading = decompose(background, shading_of)
    shared = (layers.photograph == background).all(axis=2) & ~inside
    shading = layers.part(slice(None))[1]
    ratio = float(np.median(shading[shared] / other_shading[shared])) if shared.any() else 1.0
    return Layers(other_albedo / ratio, other_shading * ratio)
