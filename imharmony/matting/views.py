"""Views of people drawn anew at every step: photographs cut out around somebody, portraits before other photographs, other light.

Pictures are uint8 (S, S, 3), masks uint8 (S, S), 255 = person, alpha float32 (S, S) in [0, 1]. Views are squared without keeping the
aspect, as the network sees every photograph.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from imharmony.matting.people import Box, Peopled
from imharmony.pictures.images import decode_trusted, encode_jpeg

OUTLINE_PX = 5.0  # of a photograph of COCO: so far off its polygons are in places
WIDEST_PX = 12.0  # of a view, that such an outline is there
PASTED = 0.1  # of the people, before another photograph


class View(NamedTuple):
    """What one picture of a batch teaches."""

    picture: np.ndarray
    alpha: np.ndarray
    sure: np.ndarray  # bool (S, S): alpha counts here
    known: np.ndarray  # bool (S, S): the coarse matte counts here
    is_exact: bool  # alpha is true along the outline too


def person_view(photographs: Sequence[Peopled], backdrops: Sequence[np.ndarray], rng: np.random.Generator, size_px: int) -> View:
    """A view of one of the people of a photograph that has some, now and then before another one."""
    peopled = photographs[int(rng.integers(len(photographs)))]
    box = peopled.boxes[int(rng.integers(len(peopled.boxes)))]
    crop = around(box, peopled.people.shape, rng)
    picture, people, unsure = (squared(each, crop, size_px) for each in (peopled.picture, peopled.people, peopled.unsure))
    zoom = size_px / max(crop[2] - crop[0], crop[3] - crop[1])
    alpha = people.astype(np.float32) / 255
    if rng.random() < PASTED:
        soft = cv2.GaussianBlur(alpha, (0, 0), float(rng.uniform(0.5, 1.5)))
        picture = laid(picture, backdrop(backdrops, rng, size_px), soft)
        unsure = np.zeros_like(unsure)
    known = unsure < 128
    sure = known & ~near_edge(people >= 128, float(np.clip(OUTLINE_PX * zoom, 1.5, WIDEST_PX)))
    return mirrored(View(relit(picture, rng), (alpha >= 0.5).astype(np.float32), sure, known, is_exact=False), rng)


def portrait_view(colours: np.ndarray, alpha: np.ndarray, backdrops: Sequence[np.ndarray], rng: np.random.Generator, size_px: int) -> View:
    """A portrait's person, of colours uint8 (P, P, 3) and alpha uint8 (P, P), before a photograph without people.

    It stands on the frame's lower edge, or below it, for its body ends where its own frame did.
    """
    side = alpha.shape[0]
    high, wide = size_px * np.exp(rng.uniform(np.log(0.45), np.log(1.3), 1)[0]) * np.exp(rng.uniform(-0.15, 0.15, 2))
    left = rng.uniform(-0.25, 0.25) * size_px + (size_px - wide) / 2
    top = size_px - high + max(2.0, rng.uniform(-0.3, 0.25) * high)
    matrix = np.array([[wide / side, 0, left], [0, high / side, top]], np.float32)
    colours = relit(colours, rng, noise=False)
    weight = alpha.astype(np.float32)[..., None] / 255
    flat = np.dstack([colours * weight, weight])
    if wide < side / 1.5:  # warping alone would skip pixels
        flat = cv2.GaussianBlur(flat, (0, 0), side / max(float(wide), 1.0) / 3)
    placed = cv2.warpAffine(flat, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    behind = backdrop(backdrops, rng, size_px)
    if rng.random() < 0.4:
        behind = cv2.GaussianBlur(behind, (0, 0), float(rng.uniform(0.5, 5)) * size_px / 256)
    opacity = np.clip(placed[..., 3], 0, 1)
    picture = np.rint(placed[..., :3] + behind * (1 - opacity[..., None])).clip(0, 255).astype(np.uint8)
    everywhere = np.ones(opacity.shape, bool)
    return mirrored(View(relit(picture, rng), opacity, everywhere, everywhere, is_exact=True), rng)


def around(box: Box, shape: tuple[int, ...], rng: np.random.Generator) -> Box:
    """A crop of a photograph around a person or its upper part, as portraits are framed."""
    left, top, right, bottom = box
    height, width = shape[:2]
    if rng.random() < 0.6 and bottom - top > 1.2 * (right - left):
        bottom = round(top + (bottom - top) * float(rng.uniform(0.35, 0.9)))
    high = (bottom - top) * float(rng.uniform(1.0, 1.9))
    wide = max(high * float(np.exp(rng.uniform(np.log(0.6), np.log(1.7)))), (right - left) * float(rng.uniform(0.9, 1.2)))
    middle_x = (left + right) / 2 + float(rng.normal(0, 0.15)) * wide
    middle_y = (top + bottom) / 2 + float(rng.normal(0, 0.08)) * high
    return within((middle_x, middle_y), (wide, high), (width, height))


def within(middle: tuple[float, float], size: tuple[float, float], photo: tuple[int, int]) -> Box:
    """A box of a size, both (width, height), moved so that it lies in a photograph; no larger than that."""
    sides = [int(np.clip(round(each), 1, most)) for each, most in zip(size, photo, strict=True)]
    starts = [int(np.clip(round(m - s / 2), 0, p - s)) for m, s, p in zip(middle, sides, photo, strict=True)]
    return starts[0], starts[1], starts[0] + sides[0], starts[1] + sides[1]


def backdrop(photographs: Sequence[np.ndarray], rng: np.random.Generator, size_px: int) -> np.ndarray:
    """A part of a photograph uint8 (H, W, 3) in which nobody is, uint8 (S, S, 3)."""
    photograph = photographs[int(rng.integers(len(photographs)))]
    height, width = photograph.shape[:2]
    side = float(rng.uniform(0.35, 1))
    crop = within((rng.uniform(0, width), rng.uniform(0, height)), (side * width, side * height), (width, height))
    made = squared(photograph, crop, size_px)
    return made if rng.random() < 0.5 else np.ascontiguousarray(made[:, ::-1])


def squared(image: np.ndarray, crop: Box, size_px: int) -> np.ndarray:
    """A part of an image at S by S: means where it shrinks along both sides, linear otherwise."""
    left, top, right, bottom = crop
    way = cv2.INTER_AREA if min(right - left, bottom - top) >= size_px else cv2.INTER_LINEAR
    return cv2.resize(image[top:bottom, left:right], (size_px, size_px), interpolation=way)


def near_edge(inside: np.ndarray, distance_px: float) -> np.ndarray:
    """Where the outline of a region, bool (S, S), is no farther than so many pixels."""
    if inside.all() or not inside.any():
        return np.zeros(inside.shape, bool)
    region = inside.astype(np.uint8)
    return sum(cv2.distanceTransform(each, cv2.DIST_L2, 3) for each in (region, 1 - region)) <= distance_px  # pyright: ignore[reportReturnType]


def laid(above: np.ndarray, below: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """One picture over another by an alpha."""
    weight = alpha[..., None]
    return np.rint(above * weight + below * (1 - weight)).astype(np.uint8)


def relit(picture: np.ndarray, rng: np.random.Generator, *, noise: bool = True) -> np.ndarray:
    """A picture in other light and of another camera: exposure, tint, contrast, saturation; blur, noise, JPEG."""
    levels = picture.astype(np.float32) / 255
    levels = levels ** float(np.exp(rng.normal(0, 0.15))) * np.exp(rng.normal(0, 0.08, 3)).astype(np.float32)
    if rng.random() < 0.05:  # coloured light, as on a stage
        levels = levels * rng.uniform(0.3, 1.2, 3).astype(np.float32)
    grey = levels.mean(axis=2, keepdims=True)
    saturation = 0.0 if rng.random() < 0.05 else float(rng.uniform(0.6, 1.3))
    levels = grey + (levels - grey) * np.float32(saturation)
    levels = (levels - 0.5) * np.float32(rng.uniform(0.85, 1.15)) + 0.5 + np.float32(rng.normal(0, 0.03))
    if not noise:
        return np.rint(levels.clip(0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.15:
        levels = cv2.GaussianBlur(levels, (0, 0), float(rng.uniform(0.4, 1.2)))
    if rng.random() < 0.2:
        levels = levels + rng.standard_normal(levels.shape, np.float32) * np.float32(rng.uniform(0.005, 0.03))
    made = np.rint(levels.clip(0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.2:
        made = decode_trusted(encode_jpeg(made, quality=int(rng.integers(30, 95))), name="view")
    return made


def mirrored(view: View, rng: np.random.Generator) -> View:
    """Half of the views, left and right exchanged."""
    if rng.random() < 0.5:
        return view
    picture, alpha, sure, known = (np.ascontiguousarray(each[:, ::-1]) for each in view[:4])
    return View(picture, alpha, sure, known, view.is_exact)
