"""How a foreground moves and a camera pans over a photograph: smooth, drawn from a generator, known exactly.

Maps are affine, (T, 2, 3), of pixel indices; lengths are in pixels of the photograph, measured from its corner.
"""

from typing import NamedTuple

import numpy as np

from imharmony.motion.sampling import composed, inverted, of_indices

WINDOW = 0.85  # of the largest window of the frame's shape that the photograph holds: the camera has the rest to pan in
ZOOM = 0.03  # of the window's size
TURN_DEGREES = 5.0
GROWTH = 0.06
REACH = 0.06  # how far the foreground goes, of the window's smaller side
PERIOD_FRAMES = (24, 60)  # of a swing there and back: at 25 frames a second one to two and a half seconds
DRIFT_FRAMES = (12, 30)  # of a colour change that comes and goes


class Motion(NamedTuple):
    """Maps from the photograph to each frame: of what stands still in it, and of the foreground."""

    camera: np.ndarray  # (T, 2, 3)
    foreground: np.ndarray  # (T, 2, 3)

    @property
    def backward(self) -> np.ndarray:
        """The foreground's flow: the map (T, 2, 3) from each frame to the one before; of the first frame NaN."""
        flow = composed(self.foreground[:-1], inverted(self.foreground[1:]))
        return np.concatenate([np.full((1, 2, 3), np.nan), flow])


def draw_motion(
    rng: np.random.Generator, *, frames: int, photo: tuple[int, int], box: tuple[float, float, float, float], size: tuple[int, int]
) -> Motion:
    """A camera that follows a foreground and a foreground that moves by itself; ``photo`` and ``size`` are (width, height).

    ``box`` is the foreground's left, top, width and height. The window always lies within the photograph. What is drawn does not
    depend on the number of frames: a longer clip begins as the shorter one.
    """
    times = np.arange(frames)
    largest = min(photo[0] / size[0], photo[1] / size[1]) * WINDOW  # photograph pixels per frame pixel
    scale = largest * (1 - ZOOM * (1 - _swing(rng, times)))
    sides = np.stack([scale * size[0], scale * size[1]], axis=1)
    middle = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])
    room = np.array(photo) - sides  # (T, 2), above 0
    wanted = np.stack([middle[axis] - sides[:, axis] / 2 for axis in (0, 1)], axis=1)
    pan = np.stack([_swing(rng, times) for _ in range(2)], axis=1) * (1 - WINDOW) / WINDOW / 2 * sides
    corner = np.clip(wanted + pan, 0, room)
    camera = of_indices(_maps(1 / scale, np.zeros(frames), -corner / scale[:, None]))
    angle, growth = TURN_DEGREES * _swing(rng, times), np.exp(GROWTH * _swing(rng, times))
    shift = np.stack([_swing(rng, times) for _ in range(2)], axis=1) * REACH * largest * min(size)
    turned = _maps(growth, np.deg2rad(angle), np.zeros((frames, 2)))
    turned[..., 2] = middle - turned[..., :2] @ middle + shift
    return Motion(camera, composed(camera, of_indices(turned)))


def drift(rng: np.random.Generator, frames: int, *, least: float) -> np.ndarray:
    """How much of a colour change a frame has, (T,) from ``least`` to 1, slowly up and down."""
    return least + (1 - least) * (1 + _swing(rng, np.arange(frames), DRIFT_FRAMES)) / 2


def _swing(rng: np.random.Generator, times: np.ndarray, periods: tuple[int, int] = PERIOD_FRAMES) -> np.ndarray:
    """A sine of a period and phase that are drawn, in [-1, 1]."""
    period, phase = rng.uniform(*periods), rng.random()
    return np.sin(2 * np.pi * (times / period + phase))


def _maps(scale: np.ndarray, angle: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Similarities (T, 2, 3): turned and scaled about the corner, then shifted."""
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    rows = [np.stack([cosine, -sine, shift[:, 0]], axis=1), np.stack([sine, cosine, shift[:, 1]], axis=1)]
    return np.stack(rows, axis=1)
