"""``imharmony.detect``: which parts of a photograph look wrong, without a mask, and by how much.

Photographs are uint8 sRGB (H, W, 3); masks uint8 (H, W), 255 = surely wrong. What a part shows is not known here and never said.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer, loaded
from imharmony.harmonizing.arrays import picture_of
from imharmony.harmonizing.detectors import Detector, load_detector
from imharmony.harmonizing.explanation import (
    LEAST_KELVIN,
    LEAST_STOPS,
    LEAST_TINT,
    LOOKED_AT_PX,
    MOST_KELVIN,
    Explanation,
    explain_change,
    said,
)
from imharmony.harmonizing.offers import STARTER
from imharmony.pictures.pairs import INSIDE
from imharmony.pictures.visible import filled

Kind = Literal["too dark", "too bright", "other colour"]
KINDS: tuple[Kind, ...] = ("too dark", "too bright", "other colour")  # in the order of a detector's maps
RIM = 0.5  # of the limit: there the mask around what was found has faded to nothing
EVERYWHERE = 0.95  # of what is visible: where so much looks wrong there is nothing to compare it with
NOTHING = "nothing found"
ALL = "all of the picture looks wrong: there is nothing to compare it with, and nothing to change"


@dataclass(frozen=True)
class Finding:
    """A connected part of a photograph that looks wrong."""

    kind: Kind
    place: str  # "on the left", "at the top right", "in the middle" ...
    box: tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two lie outside
    share: float  # of what is visible of the photograph
    change: Explanation  # what the harmonizing model would do to it

    @property
    def stops(self) -> float:
        """How much too bright, or below 0 too dark: what the model would take away."""
        return -self.change.stops or 0.0

    @property
    def sentence(self) -> str:
        """It in words; numbers are the model's, and where it would not do what the detector asks for, that is said."""
        if self.kind == "other colour":
            warmth = said(self.change.kelvin, LEAST_KELVIN, "{:.0f} K too warm", "{:.0f} K too cool", step=50, most=MOST_KELVIN)
            tint = said(-self.change.tint, LEAST_TINT, "{:.0f} points too magenta", "{:.0f} points too green", step=1)
            amounts = ", ".join(filter(None, (warmth, tint)))
            return f"what is {self.place} is of another colour{': ' if amounts else ''}{amounts}"
        amount = said(self.stops, LEAST_STOPS, "{:.1f} stops too bright", "{:.1f} stops too dark", step=0.1)
        if amount.endswith(self.kind):
            return f"what is {self.place} is {amount}"
        other = "darker" if self.kind == "too bright" else "brighter"
        return f"what is {self.place} looks {self.kind}, but the model would not make it {other}"


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found in a photograph."""

    findings: list[Finding]  # the largest first
    mask: np.ndarray  # uint8 (H, W), soft: the probability in what was found, fading out around it; 0 elsewhere
    probabilities: np.ndarray  # float32 (3, h, w) of ``KINDS``, at the detector's size; 0 where nothing is visible
    is_everywhere: bool = False  # all of it looks wrong, so there are no findings

    @property
    def words(self) -> str:
        """A line for each finding; "nothing found" without any."""
        return "\n".join(finding.sentence for finding in self.findings) or (ALL if self.is_everywhere else NOTHING)


def detect(photo: Any, *, detector: str | Path | Detector | None = None, harmonizer: Harmonizer | None = None) -> Findings:
    """What looks wrong in a photograph: an array, a PIL image, a path or a tensor, as ``harmonize`` takes one.

    ``detector`` is a file ``.onnx`` or ``.safetensors``, or anything that has its three members; None: the one in the package. Amounts are
    what ``harmonizer`` would change, by default the model in the package. Raises ``imharmony.InputError`` with one line.

    >>> import numpy as np
    >>> class BrightParts:
    ...     limit, least_share = 0.5, 0.01
    ...     def probabilities(self, photo):
    ...         return np.stack([0 * photo[..., 0], photo.min(axis=2) > 200, 0 * photo[..., 0]]).astype(np.float32)
    >>> photo = np.full((60, 80, 3), 90, np.uint8)
    >>> photo[20:40, 5:25] = 230
    >>> found = detect(photo, detector=BrightParts())
    >>> [(finding.kind, finding.place, finding.box) for finding in found.findings]
    [('too bright', 'on the left', (5, 20, 25, 40))]
    >>> detect(photo[:, 40:], detector=BrightParts()).words
    'nothing found'
    """
    known = picture_of(photo, name="photo")
    found = load_detector(detector) if detector is None or isinstance(detector, str | os.PathLike) else detector
    return found_in(known.rgb, known.alpha, name="photo", detector=found, harmonizer=harmonizer)


def found_in(rgb: np.ndarray, alpha: np.ndarray | None, *, name: str, detector: Detector, harmonizer: Harmonizer | None = None) -> Findings:
    """The same of a photograph and its alpha, uint8 (H, W), None: opaque. Hidden pixels play no part; ``name`` is for messages."""
    visible = None if alpha is None or alpha.min() > 0 else alpha > 0
    maps = detector.probabilities(_seen(rgb, visible, name=name))
    shown = _shrunk(visible, maps.shape[1:])
    maps = np.where(shown, maps, np.float32(0))
    regions = _Regions.of(maps, detector, n_shown=int(shown.sum()))
    mask = _enlarged(regions.values, rgb.shape[:2])
    if visible is not None:
        mask[~visible] = 0
    if mask.max() < INSIDE:  # what was found may be smaller than a pixel
        return Findings([], np.zeros_like(mask), maps)
    inside = mask >= INSIDE
    if (inside if visible is None else inside[visible]).mean() >= EVERYWHERE:
        return Findings([], np.zeros_like(mask), maps, is_everywhere=True)
    model = loaded(STARTER, "cpu") if harmonizer is None else harmonizer
    proposal = model.propose(filled(rgb, alpha, mask, name=name), mask)
    before, after = _small(proposal.photo), _small(proposal.picture())
    found = list(regions.findings(maps, before, after, size=rgb.shape[:2]))
    return Findings(sorted(found, key=lambda finding: (-finding.share, finding.box)), mask, maps)


@dataclass(frozen=True)
class _Regions:
    """The connected parts of a detector's maps that count."""

    labels: np.ndarray  # int32 (h, w)
    large: list[int]  # labels of what is a finding
    values: np.ndarray  # float32 (h, w), the mask's in [0, 1]
    stats: np.ndarray  # OpenCV's, of each label
    centres: np.ndarray
    n_shown: int  # pixels of the maps in which anything is visible

    @classmethod
    def of(cls, maps: np.ndarray, detector: Detector, *, n_shown: int) -> "_Regions":
        """Where the largest probability is at the limit or above; the mask fades to 0 at ``RIM`` of it in what hangs together with that."""
        most = maps.max(0)
        _, labels, stats, centres = cv2.connectedComponentsWithStats((most >= detector.limit).astype(np.uint8), connectivity=8)
        least = max(detector.least_share * n_shown, 1)
        large = [label for label in range(1, len(stats)) if stats[label, cv2.CC_STAT_AREA] >= least]
        _, around = cv2.connectedComponents((most >= RIM * detector.limit).astype(np.uint8), connectivity=8)
        is_near = np.isin(around, np.unique(around[np.isin(labels, large)]))
        fading = np.clip((most / np.float32(detector.limit) - RIM) / (1 - RIM), 0, 1)
        # What counts is foreground to every reader of masks, also by a limit below one half.
        values = np.where(is_near, np.maximum(most, np.float32(INSIDE / 255)) * fading, 0).astype(np.float32)
        return cls(labels, large, values, stats, centres, n_shown)

    def findings(self, maps: np.ndarray, before: np.ndarray, after: np.ndarray, *, size: tuple[int, int]) -> Iterator[Finding]:
        """Each with what changes from one picture to the other there; ``size`` is the photograph's height and width."""
        (height, width), (rows, columns) = size, self.labels.shape
        for label in self.large:
            inside = self.labels == label
            weights = _enlarged(np.where(inside, self.values, np.float32(0)), before.shape[:2])
            if not weights.any():  # less than a pixel of it
                continue
            left, top, wide, high, area = (int(each) for each in self.stats[label])
            across, down = self.centres[label] + 0.5
            box = (
                left * width // columns,
                top * height // rows,
                -(-(left + wide) * width // columns),
                -(-(top + high) * height // rows),
            )
            kind = KINDS[int(maps[:, inside].mean(1, dtype=np.float64).argmax())]
            place = _place(across / columns, down / rows)
            yield Finding(kind, place, box, area / self.n_shown, explain_change(before, after, weights.astype(np.float32) / 255))


def _place(across: float, down: float) -> str:
    """A place in words, of its shares of the width and the height."""
    side = "left" if across < 1 / 3 else "right" if across > 2 / 3 else ""
    level = "top" if down < 1 / 3 else "bottom" if down > 2 / 3 else ""
    if level:
        return f"at the {level} {side}".rstrip()
    return f"on the {side}" if side else "in the middle"


def _seen(rgb: np.ndarray, visible: np.ndarray | None, *, name: str) -> np.ndarray:
    """The photograph as a detector is to see it: hidden pixels have the mean of all others."""
    if visible is None:
        return rgb
    if not visible.any():
        raise InputError(f"{name}: transparent everywhere; expected a photograph in which something is visible; check it")
    seen = rgb.copy()
    seen[~visible] = np.rint(rgb[visible].mean(axis=0)).astype(np.uint8)
    return seen


def _shrunk(visible: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """What of the maps anything is visible in, bool (h, w); something always is."""
    if visible is None:
        return np.ones(shape, bool)
    small = cv2.resize(visible.astype(np.uint8) * 255, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return small >= min(INSIDE, int(small.max()))


def _small(picture: np.ndarray) -> np.ndarray:
    """A picture at the size at which changes are measured, in bytes, because a photograph in floats would fill the memory."""
    height, width = picture.shape[:2]
    scale = min(1.0, LOOKED_AT_PX / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return picture if scale == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _enlarged(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values in [0, 1] as a mask of any size, uint8: means where it shrinks along both sides, linear otherwise."""
    levels = np.rint(values * 255).astype(np.uint8)
    shrinks = shape[0] <= values.shape[0] and shape[1] <= values.shape[1]
    return cv2.resize(levels, (shape[1], shape[0]), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
