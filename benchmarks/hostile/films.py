"""Films and masks that ``harmonize video IN --mask MASKS -o OUT`` is given: damaged files, lengths and sizes that do not fit, odd rates."""

import os
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.hostile.attempts import IN, OUT, Attempt, Verdict
from benchmarks.hostile.damage import damaged
from benchmarks.hostile.pictures import called

FRAMES, HEIGHT, WIDTH = 6, 48, 64
FILM, MASKS = Path(IN, "film.mp4"), Path(IN, "masks.avi")
RESULT = Path(OUT, "result.mp4")
RATES = (0.001, 0.5, 1.0, 12.0, 23.976, 29.97, 59.94, 120.0, 999.0)
CODES = {".mp4": "mp4v", ".avi": "FFV1"}


@cache
def video(ending: str, *, masks: bool = False, frames: int = FRAMES, rate: float = 25.0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """The bytes of a film, or of its masks: a square that moves."""
    width, height = size
    path = Path(f"/tmp/.hostile-{os.getpid()}{ending}")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*CODES[ending]), rate, size)
    down, across = np.mgrid[:height, :width]
    for frame in range(frames):
        inside = (abs(across - width // 3 - 2 * frame) < width // 6) & (abs(down - height // 2) < height // 4)
        picture = np.stack([across * 2 + 40, down * 3 + 30, 180 - down], -1).clip(0, 255)
        seen = np.where(inside[..., None], (255, 255, 255) if masks else (60, 90, 200), 0 if masks else picture)
        writer.write(seen.astype(np.uint8))
    writer.release()
    try:
        return path.read_bytes() if path.exists() else b""  # some rates cannot be written
    finally:
        path.unlink(missing_ok=True)


def given(film: bytes, masks: bytes) -> Callable[[], None]:
    """What puts both into the folder of inputs."""

    def prepare() -> None:
        FILM.write_bytes(film)
        MASKS.write_bytes(masks)

    return prepare


def whole(out: Path = RESULT, *, rate: float | None = None) -> Verdict:
    """What is wrong with the film that was made: of another length than the one given, as OpenCV reads both, or of another rate."""
    if not out.is_file():
        return "no result was written"
    counts = []
    for path in (FILM, out):
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        count = 0
        while capture.grab():
            count += 1
        counts.append(count)
        said = capture.get(cv2.CAP_PROP_FPS)
    if counts[0] != counts[1]:
        return f"the result has {counts[1]} frames; the film {counts[0]}"
    return f"the result has {said:g} frames a second; the film {rate:g}" if rate and abs(said / rate - 1) > 0.001 else None


def harmonized(*options: object, out: Path = RESULT) -> Callable[[], int | None]:
    """The command on both files."""
    return called("video", FILM, "--mask", MASKS, "-o", out, "--model", "reinhard", *options)


def attempts() -> Iterator[Attempt]:
    """All attempts of these kinds."""
    film, masks = video(".mp4"), video(".avi", masks=True)
    for name, data in damaged(film, seed=21):
        yield Attempt("damaged film", name, given(data, masks), harmonized(), whole, is_wrong=not data)
    for name, data in damaged(masks, seed=22):
        yield Attempt("damaged masks of a film", name, given(film, data), harmonized(), whole, is_wrong=not data)
    for frames in range(1, 2 * FRAMES + 1):
        wrong = frames != FRAMES
        prepare = given(film, video(".avi", masks=True, frames=frames))
        yield Attempt("length of masks", f"{frames} masks of {FRAMES} frames", prepare, harmonized(), whole, is_wrong=wrong)
    for size in ((32, 48), (64, 46), (128, 96), (16, 16)):
        prepare = given(film, video(".avi", masks=True, size=size))
        yield Attempt("size of masks", f"{size[0]}x{size[1]}", prepare, harmonized(), whole, is_wrong=True)
    for rate in RATES:
        timed = video(".avi", rate=rate)
        judge, wrong = partial(whole, rate=rate), not timed
        yield Attempt("frame rate", f"{rate:g}", given(timed, masks), harmonized(), judge, is_wrong=wrong)
    for name in ("result.mkv", "result.gif", "result", "result.mp4.", "result.AVI", "result.mov", "result.m4v", "result.png"):
        out = Path(OUT, name)
        wrong = out.suffix.lower() not in {".avi", ".mov", ".m4v"}
        yield Attempt("name of a film", name, given(film, masks), harmonized(out=out), partial(whole, out), is_wrong=wrong)
    for option, values in {
        "--frame-rate": ("0", "-1", "nan", "inf", "1e9", "x"),
        "--strength": ("-1", "2", "nan"),
        "--smooth": ("always",),
    }.items():
        for value in values:
            yield Attempt("options of a film", f"{option} {value}", given(film, masks), harmonized(f"{option}={value}"), is_wrong=True)
