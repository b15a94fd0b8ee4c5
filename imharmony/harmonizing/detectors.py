"""What looks for things that are wrong: the detector in the package, or one of a file."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Protocol

import numpy as np

from imharmony.errors import InputError

PACKAGED = "detector.onnx"  # beside the starter
ENDINGS = (".onnx", ".safetensors")


class Detector(Protocol):
    """Says of each pixel how likely it is wrong. Photographs are uint8 sRGB (H, W, 3)."""

    @property
    def limit(self) -> float:
        """The probability from which a pixel counts, above 0 and up to 1."""
        ...

    @property
    def least_share(self) -> float:
        """The smallest share of the picture that a finding has."""
        ...

    def probabilities(self, photo: np.ndarray) -> np.ndarray:
        """Of too dark, too bright and other colour, float32 (3, h, w) in [0, 1], at a size of its own."""
        ...


def load_detector(file: str | Path | None = None) -> Detector:
    """The detector of a file ``.onnx`` or ``.safetensors``; None: the one in the package. ``InputError`` says what is wrong with a file."""
    from imharmony.portable.detector_session import OnnxDetector

    if file is None:
        resource = files("imharmony").joinpath("starter", PACKAGED)
        if not resource.is_file():
            came = f"{PACKAGED}: not in this package"
            raise InputError(f"{came}; expected the detector that comes with it; name a file (--detector FILE), or install imharmony again")
        with as_file(resource) as path:
            return OnnxDetector.load(path)
    path = Path(file)
    if path.suffix not in ENDINGS:
        raise InputError(f"{path}: not the name of a detector; expected a file {' or '.join(ENDINGS)}; check the name")
    if path.suffix == ".onnx":
        return OnnxDetector.load(path)
    try:
        from imharmony.harmonizing.torch_detector import load_trained_detector
    except ModuleNotFoundError as error:
        if (missing := (error.name or "").partition(".")[0]) == "imharmony":
            raise
        came = f"{path}: its weights need {missing}, which is not installed"
        raise InputError(f"{came}; expected it; pip install 'imharmony[library]', or take an .onnx of it") from error
    return load_trained_detector(path)
