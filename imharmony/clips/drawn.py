"""One clip, by its name: what is drawn for it depends on the rules' seed and its name alone."""

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from imharmony.clips.rules import ClipRules
from imharmony.composing.backgrounds import plate
from imharmony.composing.composites import Box, read_composite
from imharmony.errors import InputError
from imharmony.motion.frames import Clip, lit_clip, moved_clip
from imharmony.motion.paths import draw_motion, drift
from imharmony.pictures.foregrounds import own_colours
from imharmony.running.seeds import numpy_rng
from imharmony.storage.shards import ShardReader
from imharmony.studio.scene import Scene, render_scene
from imharmony.transfer import GRADES

FIXED, DRIFTING, LIT = "fixed", "drifting", "lit"
KINDS = {
    FIXED: "a foreground that moves, its colours wrong by the same amount throughout",
    DRIFTING: "a foreground that moves, its colours wrong by an amount that comes and goes",
    LIT: "a scene of the studio whose light moves",
}
LEAST_SEEN, MOST_SEEN = 0.004, 0.9  # of every frame, by its mask
CLOSEST = 1.6  # photograph pixels of a lit scene to one of the frame, so that nothing is enlarged
SCENE_SHAPE = (4, 3)

Made = tuple[Clip, dict[str, Any]]


class Dropped(NamedTuple):
    """A clip that cannot be made."""

    reason: str


def moved(composites: Path, row: dict[str, Any], rules: ClipRules, *, name: str, size_px: int) -> Made | Dropped:
    """The clip of a composite, its row of the manifest, and what its own row says; or why there is none."""
    real, composite, matte = read_composite(_reader(composites), row["shard"], row["row"])
    if row["direction"] == "photograph":
        raise InputError(
            f"{composites}: its composites have whole photographs graded; expected foregrounds of photographs; take another data set"
        )
    rng, alpha = numpy_rng(rules.seed, "clip", name), matte / 255
    try:
        behind = plate(real, alpha)
    except InputError:
        return Dropped("no_background")
    height, width = matte.shape
    motion = draw_motion(rng, frames=rules.frames, photo=(width, height), box=Box(*cv2.boundingRect(matte)), size=(size_px, size_px))
    kind, shares = _shares(rng, rules)
    own, changed = (own_colours(picture, alpha.astype(np.float32)) for picture in (real, composite))
    clip = moved_clip(own, changed, matte, behind, motion=motion, shares=shares.tolist(), size=(size_px, size_px))
    known = {key: row[key] for key in ("image_id", "annotation_id", "category", "transfer", "licence")}
    return _checked(clip, known | {"kind": kind, "composite_id": row["sample_id"], "shares": shares.tolist()})


def lit(scene: int, rules: ClipRules, *, name: str, size_px: int) -> Made | Dropped:
    """The clip of a scene of the studio."""
    rng = numpy_rng(rules.seed, "clip", name)
    half = np.deg2rad(rules.turn_degrees) / 2
    scenes = [_rendered(scene, rules.seed, size_px, float(angle)) for angle in np.linspace(-half, half, rules.frames)]
    seen = [instance for instance in scenes[0].instances if not instance.iscrowd]
    if not seen:
        return Dropped("no_foreground")
    largest = max(seen, key=lambda instance: float(instance.alpha.sum()))
    matte = np.rint(largest.alpha * 255).astype(np.uint8)
    grade = rules.grades[int(rng.integers(len(rules.grades)))]
    parameters = GRADES[grade].draw(rng)
    photos = np.stack([each.image for each in scenes])
    changed = np.stack([GRADES[grade].apply(photo.reshape(-1, 3), parameters).reshape(photo.shape) for photo in photos])
    height, width = matte.shape
    motion = draw_motion(rng, frames=rules.frames, photo=(width, height), box=Box(*cv2.boundingRect(matte)), size=(size_px, size_px))
    _, shares = _shares(rng, rules)
    clip = lit_clip(photos, changed, matte, motion=motion, shares=shares.tolist(), size=(size_px, size_px))
    known = {"image_id": -1 - scene, "annotation_id": 0, "category": largest.category, "transfer": grade, "licence": None}
    return _checked(clip, known | {"kind": LIT, "composite_id": None, "shares": shares.tolist()})


def _shares(rng: np.random.Generator, rules: ClipRules) -> tuple[str, np.ndarray]:
    is_drifting, drifting = rng.random() < rules.drifting, drift(rng, rules.frames, least=rules.least)
    return (DRIFTING, drifting) if is_drifting else (FIXED, np.ones(rules.frames))


def _checked(clip: Clip, facts: dict[str, Any]) -> Made | Dropped:
    """The clip, unless its foreground leaves the frame or its colours are right."""
    seen = clip.mask.mean((1, 2)) / 255
    if seen.min() < LEAST_SEEN or seen.max() > MOST_SEEN:
        return Dropped("out_of_frame" if seen.min() < LEAST_SEEN else "fills_the_frame")
    return Dropped("nothing_changed") if (clip.composite == clip.real).all() else (clip, facts)


def _rendered(scene: int, seed: int, size_px: int, angle: float) -> Scene:
    width, height = (round(size_px * CLOSEST * side / min(SCENE_SHAPE)) for side in SCENE_SHAPE)
    return render_scene(purpose="clips", seed=seed, index=scene, width_px=width, height_px=height, turned=angle)


@lru_cache(maxsize=4)
def _reader(composites: Path) -> ShardReader:
    return ShardReader(composites)
