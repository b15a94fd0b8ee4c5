"""Heads: face, hair with soft edges, hats."""

from dataclasses import dataclass

import numpy as np

from imharmony.studio.chance import choose, unit
from imharmony.studio.colours import HAIR, Colour, cloth_colour, linear, pick
from imharmony.studio.sketch import Cloth, Point, Sketch
from imharmony.studio.textures import SIDE, noise

_F = np.float32
WIDE, HIGH = 0.078, 0.112  # half axes of a head, metres
_EYE_WHITE, _IRIS = Cloth(linear((196, 190, 184)), mottle=0), Cloth(linear((40, 28, 24)), mottle=0)


@dataclass(frozen=True)
class Hair:
    """A head of hair. Lengths in metres."""

    colour: Colour
    volume: float  # how far it stands off the skull
    fuzz: float  # over which its edge fades
    length: float  # below the head's centre, behind the face; 0 = short
    fringe: float  # how far the hairline comes down, -0.04 (high) .. 0.05
    curl: float  # how uneven the edge is
    hat: Colour | None


def draw_hair(rng: np.random.Generator) -> Hair:
    """Short, long, curly or nearly none; now and then under a cap."""
    kind = choose(rng, ["short", "long", "curly", "cropped"], [0.34, 0.34, 0.18, 0.14])
    shape = {
        "short": (0.018, 0.014, 0.0, 0.6),
        "long": (0.022, 0.018, rng.uniform(0.14, 0.36), 0.7),
        "curly": (rng.uniform(0.04, 0.075), 0.035, choose(rng, [0.0, 0.16]), 1.6),
        "cropped": (0.006, 0.006, 0.0, 0.4),
    }[str(kind)]
    volume, fuzz, length, curl = (float(value) for value in shape)
    hat = cloth_colour(rng) if rng.random() < 0.14 else None
    return Hair(pick(rng, HAIR), volume, fuzz * rng.uniform(0.8, 1.4), length, rng.uniform(-0.02, 0.035), curl, hat)


class Head:
    """A head at a place, looking at the camera (``turn`` -1..1 moves the face sideways) or away from it."""

    def __init__(self, centre: Point, hair: Hair, skin: Cloth, *, turn: float, from_behind: bool, rng: np.random.Generator) -> None:
        self.centre, self.hair, self.skin, self.turn, self.from_behind = centre, hair, skin, turn, from_behind
        self._strands = noise("strand")[int(rng.integers(SIDE))]
        self._mouth = rng.uniform(0.018, 0.03)
        self._cloth = Cloth(hair.colour, mottle=0.0)

    def paint_behind(self, sketch: Sketch) -> None:
        """Long hair that falls behind the shoulders."""
        if self.hair.length:
            self._fall(sketch, half_width=WIDE + self.hair.volume + 0.012, length=self.hair.length)

    def paint(self, sketch: Sketch) -> None:
        """Skull, face and the hair around it."""
        u, v = self.centre
        shift = self.turn * 0.022
        if not self.from_behind and sketch.scale * WIDE > 4:
            for side in (-1, 1):
                sketch.ellipse((u + side * WIDE * 0.98 - shift * 0.5, v - 0.012), 0.016, 0.028, self.skin)
        sketch.ellipse((u, v + 0.018), WIDE, HIGH - 0.018, self.skin, dim=0.35)
        sketch.ellipse((u + shift * 0.5, v - 0.03), WIDE * 0.82, HIGH * 0.74, self.skin)
        if self.from_behind:
            self._cap(sketch, hairline=v - HIGH * 0.72, part=0.0)
            if self.hair.length:
                self._fall(sketch, half_width=WIDE + self.hair.volume, length=self.hair.length)
        else:
            self._face(sketch, (u + shift, v))
            self._cap(sketch, hairline=v + 0.062 - self.hair.fringe, part=shift)
        if self.hair.hat is not None:
            self._hat(sketch, Cloth(self.hair.hat, fold=0.1))

    def _face(self, sketch: Sketch, middle: Point) -> None:
        u, v = middle
        if sketch.scale * WIDE < 3:  # eyes are far smaller than a pixel
            return
        dark = Cloth(tuple(c * 0.6 for c in self.skin.colour), mottle=0)  # pyright: ignore[reportArgumentType]
        brow = Cloth(tuple(0.5 * (a * 0.7 + b * 0.5) for a, b in zip(self.hair.colour, self.skin.colour, strict=True)), mottle=0)  # pyright: ignore[reportArgumentType]
        lips = Cloth((self.skin.colour[0] * 0.78, self.skin.colour[1] * 0.5, self.skin.colour[2] * 0.5), mottle=0)
        for side in (-1, 1):
            eye = (u + side * 0.031, v - 0.002)
            if sketch.scale * WIDE > 6:
                sketch.ellipse((eye[0], eye[1] + 0.003), 0.0175, 0.013, dark, round_=0.3)
                sketch.ellipse(eye, 0.012, 0.006, _EYE_WHITE, round_=0.3)
            sketch.ellipse((eye[0] + self.turn * 0.004, eye[1]), 0.0068, 0.007, _IRIS, round_=0.3)
            sketch.capsule((eye[0] - side * 0.014, v + 0.021), (eye[0] + side * 0.016, v + 0.022), 0.0045, 0.003, brow)
        sketch.ellipse((u + self.turn * 0.008, v - 0.03), 0.0115, 0.024, self.skin, round_=0.8, dim=0.25)
        sketch.capsule((u - self._mouth, v - 0.066), (u + self._mouth, v - 0.066), 0.0055, 0.0055, lips)

    def _cap(self, sketch: Sketch, *, hairline: float, part: float) -> None:
        u0, v0 = self.centre
        hair, wide, high = self.hair, WIDE + self.hair.volume, HIGH + self.hair.volume
        reach = 2.2 * hair.fuzz + 0.01
        window = sketch.window(u0 - wide - reach, u0 + wide + reach, v0 - high, v0 + high + reach)
        if window is None:
            return
        qx = (sketch.u[:, window[1]] - _F(u0)) / _F(wide)
        qy = (sketch.v[window[0]] - _F(v0 + 0.008)) / _F(high)
        length = np.sqrt(qx * qx + qy * qy) + _F(1e-4)
        # Strands follow rays from the crown; |sin| and cos pick the ray without an arctangent.
        strand = self._strands[((qx / length + _F(1.1)) * _F(70) + (qy > 0) * 41).astype(np.int32) & (SIDE - 1)]
        soft = _F(max(hair.fuzz, 0.5 / sketch.scale))
        outside = (length - 1) * _F(wide) - strand * _F(0.12 * hair.curl) * soft
        lowest = _F(hairline) + (_F(part) * qx * 8 - np.square(qx - _F(part * 8))) * _F(0.055) - strand * _F(0.006)
        inside = (lowest - sketch.v[window[0]]) / max(_F(0.012), _F(0.6 / sketch.scale))
        cover = unit(_F(0.5) - outside * _F(1 / soft)) * unit(_F(0.5) - inside)
        if not self.from_behind:
            sketch.planes[7, window[0], window[1]] *= _F(1) - _F(0.3) * unit(_F(1.5) - inside * _F(0.6))
        self._lay(sketch, window, cover, strand, (qx * _F(0.9), qy * _F(0.9)))

    def _fall(self, sketch: Sketch, *, half_width: float, length: float) -> None:
        u0, v0 = self.centre
        hair, soft = self.hair, max(self.hair.fuzz, 0.5 / sketch.scale)
        bottom, edge = v0 - length, half_width + 0.02 * length
        window = sketch.window(u0 - edge - 2 * soft, u0 + edge + 2 * soft, bottom - 0.04, v0 + 0.04)
        if window is None:
            return
        u, v = sketch.u[:, window[1]] - _F(u0), sketch.v[window[0]]
        strand = self._strands[((u + _F(0.5)) * _F(400)).astype(np.int32) & (SIDE - 1)] + v * _F(0)
        width = _F(half_width) + (_F(v0) - v) * _F(0.10)
        side = (np.abs(u) - width) / _F(soft) - strand * _F(0.25 * hair.curl)
        end = (_F(bottom) - v) / _F(0.03) - strand * _F(0.8)
        cover = unit(_F(0.5) - side) * unit(_F(0.5) - end) * unit((_F(v0 + 0.04) - v) * _F(40))
        self._lay(sketch, window, cover, strand, (u / width * _F(0.85), _F(0.1)))

    def _lay(self, sketch: Sketch, window: tuple[slice, slice], cover: np.ndarray, strand: np.ndarray, side: tuple) -> None:
        x, y = side
        x = x + strand * _F(0.12)
        before = sketch.planes[1:4, window[0], window[1]].copy()
        sketch.paint(window, cover, self._cloth, (x, y, np.sqrt(np.maximum(_F(1) - x * x - y * y, _F(0.1)))))
        tone = _F(1) + strand * _F(0.17)
        albedo = sketch.planes[1:4, window[0], window[1]]
        own = albedo - before * (1 - cover)
        albedo += own * (tone - 1)

    def _hat(self, sketch: Sketch, cloth: Cloth) -> None:
        u, v = self.centre
        wide = WIDE + min(self.hair.volume, 0.02) + 0.008
        brim = v + 0.05
        sketch.lathe([(brim, wide, u), (brim + 0.05, wide, u), (brim + 0.085, wide * 0.8, u), (brim + 0.105, wide * 0.4, u)], cloth)
        if not self.from_behind:
            sketch.capsule(
                (u - wide * 0.9 + self.turn * 0.04, brim), (u + wide * 0.9 + self.turn * 0.04, brim), 0.014, 0.014, cloth, dim=0.5
            )
