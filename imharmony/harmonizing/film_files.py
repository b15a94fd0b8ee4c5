"""Films as they are written: a video's file through OpenCV, with the sound of another by ffmpeg, where that is installed."""

import errno
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.films import quiet_opencv

# The ending of a file -> its codec by OpenCV's name, and ffmpeg's name of the container. Their files are the same bytes each time.
FORMATS = {".avi": ("FFV1", "avi"), ".m4v": ("mp4v", "mp4"), ".mov": ("mp4v", "mov"), ".mp4": ("mp4v", "mp4")}
FFMPEG = "ffmpeg"
COPIED = "copied"  # what is said of sound that was


def expect_video_ending(path: Path) -> None:
    """Raises an ``InputError`` where the ending is of no video that can be written."""
    if path.suffix.lower() not in FORMATS:
        came = repr(path.suffix) if path.suffix else "a file without an ending"
        expected = f"a name that ends in {', '.join(FORMATS)}"
        raise InputError(f"{path}: cannot write {came}; expected {expected}; or take a folder of frames as input, which becomes a folder")


def expect_even(size: tuple[int, int], path: Path) -> None:
    """Raises an ``InputError`` where a video's file would lose a row or a column of a picture (width, height)."""
    if size[0] % 2 or size[1] % 2:
        came = f"{path}: frames of {size[0]}x{size[1]} pixels"
        raise InputError(f"{came}; expected even sides, as files of videos have here; save the frames into a folder, which may have any")


def write_video(path: Path, frames: Iterator[np.ndarray], *, frame_rate: float) -> None:
    """Writes frames uint8 (H, W, 3); raises an ``OSError`` where the file is not whole, of which OpenCV says nothing."""
    first = next(frames)
    size, count = (first.shape[1], first.shape[0]), 0
    with quiet_opencv():
        code = cv2.VideoWriter.fourcc(*FORMATS[path.suffix.lower()][0])
        try:
            writer = cv2.VideoWriter(str(path.absolute()), cv2.CAP_FFMPEG, code, frame_rate, size)
        except UnicodeEncodeError as error:
            raise InputError(f"{path}: a name that is no text; expected one in UTF-8; name another") from error
        if writer.isOpened():
            for frame in chain([first], frames):
                writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
                count += 1
        writer.release()
        written = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        whole = int(written.get(cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0
        written.release()
    if count == 0:
        came = f"{path.name}: OpenCV writes no {path.suffix} of {size[0]}x{size[1]} pixels at {frame_rate:g} frames a second"
        raise InputError(f"{came}; expected a usual size and rate; give another --frame-rate, or save the frames into a folder")
    if whole != count:
        raise OSError(errno.ENOSPC, f"{max(whole, 0)} of {count} frames could be written", str(path))


def with_sound(silent: Path, source: Path) -> str:
    """Adds the sound of a video's file to another, in its place, as it is; what is said of that: "copied", or why not."""
    program = shutil.which(FFMPEG)
    if program is None:
        return "sound, if there is any, was not copied: ffmpeg is not installed"
    made = silent.with_name(f"sound{silent.suffix}")
    inputs = ("-i", str(silent.absolute()), "-i", str(source.absolute()))
    mapped = ("-map", "0:v:0", "-map", "1:a?", "-c", "copy", "-fflags", "+bitexact", "-f", FORMATS[silent.suffix.lower()][1])
    command = [program, "-nostdin", "-v", "error", "-y", *inputs, *mapped, str(made.absolute())]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 or not made.is_file():
        said = (done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}").splitlines()[-1]
        said = re.sub(r"^\[[^]]*\] ", "", said)  # where in ffmpeg it was said, with an address in memory
        made.unlink(missing_ok=True)
        return f"sound, if there is any, was not copied: ffmpeg says {said}"
    made.replace(silent)
    return COPIED
