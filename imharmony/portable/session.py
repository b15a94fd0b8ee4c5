"""An exported harmonizer on onnxruntime, without torch.

Photographs are uint8 (H, W, 3); masks uint8 (H, W), 255 = foreground, soft values kept.
"""

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.pairs import squared
from imharmony.points.positions import Counts, positions_of
from imharmony.portable.facts import AGAIN, CHANNELS, Facts, read

if TYPE_CHECKING:
    import onnxruntime

LARGEST_BYTES = 2**31 - 1  # what the format can hold in one file
POINTS = ("foreground", "background", "ring", "inside", "outside")
QUIET = 4  # of onnxruntime's lines, those of what ends the process: what fails is said by us


@dataclass(frozen=True)
class OnnxModel:
    """A model that is ready to run, and what its file says of it."""

    session: "onnxruntime.InferenceSession"
    facts: Facts

    @classmethod
    def load(cls, path: Path, *, intra_op_num_threads: int = 1) -> Self:
        """The model of a file, on the CPU; an ``InputError`` says what is wrong with one that is not a whole file of ours."""
        session = session_of(path, intra_op_num_threads=intra_op_num_threads)
        facts = read(path, session.get_modelmeta().custom_metadata_map)
        _expect_signature(path, session, facts)
        return cls(session, facts)

    def maps(self, photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """What the network does to each pixel, float32 (C, h, w), for ``mapping.mapped``; of a network that reads points h = w = 1.

        ``photo`` and ``mask`` are of one size, any. NaN or infinite is an ``InputError``.
        """
        return self.maps_and_trust(photo, mask)[0]

    def maps_and_trust(self, photo: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float | None]:
        """``maps``, and what the members' mean was multiplied by, in [0, 1]: little where they do not agree; None of a single network."""
        size_px, counts = self.facts.size_px, self.facts.counts
        composite, weight = squared(photo, size_px), squared(mask, size_px)
        feed = pictures_of(composite, weight) if counts is None else points_of(composite, weight, Counts._make(counts))
        outputs = [cast("np.ndarray", each)[0] for each in self.session.run(None, dict(feed))]
        said, trust = outputs[0], float(outputs[1]) if self.facts.members > 1 else None
        if not all(np.isfinite(each).all() for each in outputs):
            raise InputError("the model says NaN or infinite of this photograph; expected a picture; train it again or take another")
        return (said if counts is None else said[:, None, None]), trust


def session_of(path: Path, *, intra_op_num_threads: int = 1) -> "onnxruntime.InferenceSession":
    """A file on the CPU, whatever its network is for; an ``InputError`` says what is wrong with one that is no whole ONNX file."""
    try:
        import onnxruntime  # here, because it is an extra
    except ImportError as error:
        advice = "run `pip install 'imharmony[onnx]'`"
        raise InputError(f"onnxruntime is not installed; expected it for {path}; {advice}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = intra_op_num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    data = _bytes_of(path)
    try:
        # Of bytes, not of the path: what refers to other files is refused.
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its classes have no common one but this
        raise InputError(f"{path}: not a whole ONNX file ({_first_line(error)}); {AGAIN}") from error


def picture_input(picture: np.ndarray) -> np.ndarray:
    """A picture uint8 (S, S, 3) as networks take it: float32 (1, 3, S, S) in [-1, 1]."""
    return picture.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - np.float32(1)


def pictures_of(composite: np.ndarray, mask: np.ndarray) -> Mapping[str, np.ndarray]:
    """The inputs of a network that sees pictures, of a composite and mask at its size."""
    return {"composite": picture_input(composite), "mask": mask[None, None].astype(np.float32) / np.float32(255)}


def points_of(composite: np.ndarray, mask: np.ndarray, counts: Counts) -> Mapping[str, np.ndarray]:
    """The inputs of a network that reads points, of a composite and mask at its size."""
    positions = positions_of(mask, counts)
    colours = composite.reshape(-1, 3)
    # By way of [-1, 1], as networks have it: the last bit is the same as with torch.
    points = {
        name: (colours[getattr(positions, name)] / np.float32(127.5) - np.float32(1) + np.float32(1)) / np.float32(2) for name in POINTS
    }
    return {**{name: each[None] for name, each in points.items()}, "known": positions.known[None].astype(np.float32)}


def _bytes_of(path: Path) -> bytes:
    try:
        seen = path.stat()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected an exported model; check the name") from error
    if not stat.S_ISREG(seen.st_mode):
        raise InputError(f"{path}: not a file; expected an exported model (.onnx); name one")
    if seen.st_size > LARGEST_BYTES:
        raise InputError(f"{path}: {seen.st_size:,} bytes; expected at most {LARGEST_BYTES:,} of an ONNX file; {AGAIN}")
    return path.read_bytes()


def _expect_signature(path: Path, session: "onnxruntime.InferenceSession", facts: Facts) -> None:
    """That the graph takes and gives what its facts say."""
    side, channels = facts.size_px, CHANNELS[facts.kind]
    if facts.counts is None:
        takes: dict[str, list[int]] = {"composite": [1, 3, side, side], "mask": [1, 1, side, side]}
        of_pixels = (1, 1) if facts.kind == "filters" else (side, side)  # filters have one set of arguments for all pixels
        gives = {"maps": [1, channels, *of_pixels]}
    else:
        sizes = (*facts.counts, facts.counts[-1])
        takes = {**{name: [1, count, 3] for name, count in zip(POINTS, sizes, strict=True)}, "known": [1, 4]}
        gives = {"changes": [1, channels], "trust": [1]}
    expect_signature(path, session, takes=takes, gives=gives)


def expect_signature(
    path: Path, session: "onnxruntime.InferenceSession", *, takes: Mapping[str, list[int]], gives: Mapping[str, list[int]]
) -> None:
    """Raises an ``InputError`` unless the inputs and outputs of a file have these names and shapes, and are floats of 32 bits."""
    for what, came, expected in (("takes", session.get_inputs(), takes), ("gives", session.get_outputs(), gives)):
        found = {each.name: list(each.shape) for each in came}
        if found != expected or any(each.type != "tensor(float)" for each in came):
            raise InputError(f"{path}: its network {what} {found}; expected {expected} in 32 bits; {AGAIN}")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
