"""Films as they are read: a video's file through OpenCV, or a folder of frames in the order of their names. One frame at a time.

Frames of a video's file are uint8 sRGB (H, W, 3); those of a folder are what the files of photographs are.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.pairing import ENDINGS as PICTURES
from imharmony.pictures.photo_files import Photograph, read_photograph
from imharmony.storage.places import expect_there

VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")  # what is taken for a video
UNCOUNTED = {".mpeg", ".mpg"}  # what is said of their length is a guess
FRAME_RATE = 25.0  # of a folder, if nobody says
MOST_FRAME_RATE = 1000.0
MISSING = 0.02  # of the frames that a file says it has: some say how long they are, and not how many frames that is
CONTAINERS = "asf,avi,matroska,mov,mp4,mpeg,mpegts,webm"  # by ffmpeg's names: none of them is a list of other files
# Read by OpenCV. No file names another, not even on the network; and ffmpeg's own lines do not say of which file they are.
SETTINGS = {
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": f"protocol_whitelist;file|format_whitelist;{CONTAINERS}",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}

Skipped = Callable[[int], bool]

log = logging.getLogger(__name__)


class Film(NamedTuple):
    """What is known of a film before its frames are read."""

    path: Path
    frames: tuple[Path, ...]  # of a folder; () of a video's file
    frame_rate: float
    length: int  # in frames, of a video's file as it says; 0: it does not know
    size: tuple[int, int] | None = None  # width, height of a video's file

    @property
    def is_folder(self) -> bool:
        """Whether each frame is a file."""
        return bool(self.frames)

    def name_of(self, index: int) -> str:
        """A frame's name for messages."""
        return str(self.frames[index]) if self.frames else f"{self.path}, frame {index + 1}"


def read_film(path: Path, *, frame_rate: float | None = None, what: str = "a video, or a folder of its frames") -> Film:
    """Looks at a film; raises an ``InputError`` where there is none, or where nobody knows its frame rate."""
    if frame_rate is not None and not 0 < frame_rate <= MOST_FRAME_RATE:
        raise InputError(f"--frame-rate {frame_rate:g}: expected more than 0 and at most {MOST_FRAME_RATE:g} frames a second")
    if path.is_dir():
        frames = frames_in(path)
        return Film(path, frames, frame_rate or FRAME_RATE, len(frames))
    expect_there(path, what)
    if path.suffix.lower() in PICTURES:
        raise InputError(f"{path}: one picture; expected {what}; for one photograph: harmonize PHOTO MASK")
    capture = _opened(path, what)
    said, count = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    capture.release()
    if frame_rate is None and not 0 < said <= MOST_FRAME_RATE:  # false of NaN too
        advice = "give it as --frame-rate N"
        raise InputError(f"{path}: says that it has {said:g} frames a second; expected more than 0, at most {MOST_FRAME_RATE:g}; {advice}")
    length = 0 if path.suffix.lower() in UNCOUNTED else max(count, 0)
    return Film(path, (), frame_rate or said, length, size)


def frames_in(folder: Path, *, least: int = 1) -> tuple[Path, ...]:
    """The pictures of a folder in the order of their names, with numbers as numbers; an ``InputError`` of fewer than ``least``."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES and not path.name.startswith(".") and path.is_file()]
    if len(found) < least:
        raise InputError(f"{folder}: no pictures; expected the frames of a film; name the folder that has them")
    return tuple(sorted(found, key=lambda path: natural(path.name)))


def natural(name: str) -> list[Any]:
    """What names are ordered by: ``frame_9`` comes before ``frame_10``."""
    parts = re.split(r"(\d+)", name)  # texts and numbers take turns
    return [*(int(part) if index % 2 else part for index, part in enumerate(parts)), name]


def photographs(film: Film, *, skipped: Skipped = lambda _: False, most_pixels: int) -> Iterator[Photograph | None]:
    """The frames, None of those that are ``skipped``; raises an ``InputError`` where one cannot be read or is of another size."""
    size: tuple[int, int] | None = None
    for index, photograph in enumerate(_read(film, skipped, most_pixels)):
        if photograph is not None:
            height, width = photograph.colours.shape[:2]
            size = size or (width, height)
            if (width, height) != size:
                came = f"{film.name_of(index)}: {width}x{height} pixels"
                raise InputError(f"{came}; expected {size[0]}x{size[1]}, as the frames before it; save all at one size")
        yield photograph


def _read(film: Film, skipped: Skipped, most_pixels: int) -> Iterator[Photograph | None]:
    if film.is_folder:
        for index, path in enumerate(film.frames):
            yield None if skipped(index) else read_photograph(path, most_pixels=most_pixels)
        return
    for pixels in pixels_of_video(film, skipped=skipped, most_pixels=most_pixels):
        size = (0, 0) if pixels is None else (pixels.shape[1], pixels.shape[0])
        yield None if pixels is None else Photograph(pixels, None, None, True, 1, size)


def pixels_of_video(film: Film, *, skipped: Skipped, most_pixels: int) -> Iterator[np.ndarray | None]:
    """The frames of a video's file, uint8 (H, W, 3); raises an ``InputError`` where it has fewer than it says."""
    width, height = film.size or (0, 0)
    if width * height > most_pixels:
        raise InputError(f"{film.path}: {width}x{height} pixels; expected at most {most_pixels}; take smaller frames, or --max-megapixels")
    capture, index = _opened(film.path, "a video"), 0
    try:
        while capture.grab():
            if skipped(index):
                yield None
            else:
                is_read, frame = capture.retrieve()
                if not is_read:
                    raise InputError(f"{film.name_of(index)}: cannot be decoded; expected a whole video; replace the file")
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            index += 1
    finally:
        capture.release()
    _expect_all(film, index)


def _expect_all(film: Film, read: int) -> None:
    if read == 0:
        raise InputError(f"{film.path}: no frames; expected a video that has some; replace the file")
    missing = film.length - read
    if missing > tolerance(film.length):
        came = f"{film.path}: says that it has {film.length} frames, and {read} can be read"
        raise InputError(f"{came}; expected a whole video; fetch it again, or save its frames into a folder")
    if missing > 0:
        log.warning("%s: says that it has %d frames, and %d can be read; these are taken", film.path, film.length, read)


def tolerance(count: int) -> float:
    """By how many frames a file may be wrong about their number."""
    return max(1, MISSING * count)


def _opened(path: Path, what: str) -> cv2.VideoCapture:
    """An OpenCV capture of a file on this disk."""
    with quiet_opencv():
        try:
            capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)  # absolute: what begins with `x:` would be a protocol
        except UnicodeEncodeError as error:
            raise InputError(f"{path}: a name that is no text; expected one in UTF-8; rename the file") from error
    if not capture.isOpened():
        came = "not a readable video" if path.stat().st_size else "an empty file"
        raise InputError(f"{path}: {came}; expected {what}; replace the file")
    return capture


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """A block in which OpenCV opens no other files and says nothing: what is wrong with a file is said by us."""
    before = {name: os.environ.get(name) for name in SETTINGS}
    os.environ.update(SETTINGS)  # whatever the user has set: a list of other files must not be followed
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
