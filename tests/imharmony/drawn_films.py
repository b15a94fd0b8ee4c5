"""A drawn film with its masks, as arrays, folders and videos' files, and models that say what tests can foretell."""

from pathlib import Path

import cv2
import numpy as np

from imharmony.harmonizing.films import quiet_opencv
from imharmony.harmonizing.models import Said
from imharmony.pictures.images import encode_png

LENGTH, HEIGHT, WIDTH = 12, 32, 48
EMPTY = 3  # the frame whose mask is black
CODES = {".avi": "FFV1", ".mp4": "mp4v"}


def drawn(length: int = LENGTH, *, empty: int | None = EMPTY) -> tuple[np.ndarray, np.ndarray]:
    """Frames uint8 (T, H, W, 3) of noise in which a darker square moves to the right, and its masks (T, H, W)."""
    rng = np.random.default_rng(0)
    frames = np.clip(rng.normal(130, 25, (1, HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8).repeat(length, 0)
    masks = np.zeros((length, HEIGHT, WIDTH), np.uint8)
    for time in range(length):
        if time != empty:
            left = 4 + time % 24
            masks[time, 8:24, left : left + 16] = 255
            masks[time, 8:24, left] = 100  # a soft edge
    frames[masks == 255] //= 2
    return frames, masks


def write_folder(folder: Path, pictures: np.ndarray) -> Path:
    """PNG files called ``frame_1.png`` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for time, picture in enumerate(pictures, start=1):
        (folder / f"frame_{time}.png").write_bytes(encode_png(picture))
    return folder


def write_file(path: Path, pictures: np.ndarray, *, frame_rate: float = 25.0) -> Path:
    """A video's file, without loss in .avi."""
    height, width = pictures.shape[1:3]
    with quiet_opencv():  # ffmpeg asks once, at its first file, how much it is to say
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*CODES[path.suffix]), frame_rate, (width, height))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR if picture.ndim == 3 else cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def write_place(place: Path, frames: np.ndarray, masks: np.ndarray, *, ending: str) -> Path:
    """Both as folders, ``frames`` and ``masks``, and as files, ``film`` and ``masks`` with this ending."""
    for name, file, pictures in (("frames", "film", frames), ("masks", "masks", masks)):
        write_folder(place / name, pictures)
        write_file(place / f"{file}{ending}", pictures)
    return place


def read_file(path: Path) -> np.ndarray:
    """The frames of a video's file, uint8 (T, H, W, 3)."""
    capture, frames = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), []
    while capture.grab():
        frames.append(cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB))
    capture.release()
    return np.stack(frames)


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by their names."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


class Lifting:
    """A model that lifts each frame by another amount, and counts how often it was asked; one that is ``by_place`` lifts the left more."""

    name = "lifting"

    def __init__(self, *, by_place: bool = False, trust: float | None = 0.9) -> None:
        self.asked, self.by_place, self.trust = 0, by_place, trust

    def say(self, photo, mask, *, direction):  # noqa: ARG002
        self.asked += 1
        place = int(np.flatnonzero(mask.any(0))[0])  # of the square, which is another one in each frame
        lift = 0.2 + 0.1 * (place % 3)
        maps = np.full((3, 8, 8), lift, np.float32)
        if self.by_place:
            maps[..., :4] += 0.1
        return Said(maps, "change", trust=self.trust)
