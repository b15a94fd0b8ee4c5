"""Small detectors whose weights are drawn or set by hand."""

from pathlib import Path

import torch

from imharmony.blind.detector import Detector, save_detector

SIZE = 64


def drawn_detector(path: Path, *, changes: bool = False) -> Path:
    """Weights as they begin, drawn from a seed."""
    torch.manual_seed(0)
    save_detector(path, Detector(name="small", width=4, changes=changes), width=4, size_px=SIZE, metadata={})
    return path


def detector_of_colours(path: Path, *, sure: float = 6.0) -> Path:
    """One that takes pure blue for too dark, pure red for too bright and pure green for another colour; nothing else is wrong.

    Its last layer sees the picture beside the features, and here the picture alone. ``sure`` is the logit of what is wrong.
    """
    torch.manual_seed(0)
    detector = Detector(name="small", width=4)
    head = detector.network.head
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(-2 * sure)
        for kind, channel in enumerate((2, 0, 1)):  # too dark, too bright, other colour
            for other in range(3):
                head.weight[kind, other, 1, 1] = sure if other == channel else -sure
    save_detector(path, detector, width=4, size_px=SIZE, metadata={})
    return path


def certain_detector(path: Path, *, logit: float) -> Path:
    """One that says the same everywhere: of a large ``logit`` that all is too bright, of a small one that nothing is wrong."""
    torch.manual_seed(0)
    detector = Detector(name="small", width=4)
    with torch.no_grad():
        detector.network.head.weight.zero_()
        detector.network.head.bias.copy_(torch.tensor([-20.0, logit, -20.0]))
    save_detector(path, detector, width=4, size_px=SIZE, metadata={})
    return path
