"""Harmonization without a mask: a detector and a harmonizer, or one network that does both.

Composites are float (B, 3, H, W) in [-1, 1]. None of these functions is given the true mask but ``harmonized``, which is given a mask.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from msgspec import Struct, structs
from torch import Tensor, nn

from imharmony.blind.confidence import Confidence
from imharmony.blind.detector import Detector, NetworkName, soft_mask
from imharmony.checkpoint import Architecture
from imharmony.errors import InputError
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer, pasted
from imharmony.storage.descriptions import Width, described
from imharmony.storage.weights import AGAIN, expect_fit, load_weights, read_metadata, read_weights, write_weights

LIKELY = 0.5


class Seen(NamedTuple):
    """What a system makes of a composite."""

    picture: Tensor  # its own whole picture, (B, 3, H, W)
    mask: Tensor  # what it took for wrong, (B, 1, H, W) in [0, 1]
    probabilities: Tensor  # of each of ``labels.CLASSES``, (B, 3, H, W)
    logits: Tensor


class BlindSystem(nn.Module):
    """A detector whose soft mask a harmonizer is given (Dolhasz, Harvey & Williams 2020), or one network with changes of its own.

    The picture is all its own: the harmonizer's where it pastes nothing, or pasted by the mask that was found. ``colour``: whether shifts
    of colour count in the mask, which the seed's detector does not know.
    """

    def __init__(self, detector: Detector, harmonizer: Harmonizer | None, *, colour: bool) -> None:
        super().__init__()
        if detector.changes == (harmonizer is not None):
            raise ValueError("expected a harmonizer beside a detector without changes, or none beside one that has them")
        self.detector = detector
        self.harmonizer = harmonizer
        self.colour = colour

    def forward(self, composite: Tensor) -> Seen:
        """Both steps, the mask soft."""
        logits, changes = self._looked(composite)
        probabilities = self.detector.probabilities(logits)
        mask = soft_mask(probabilities, colour=self.colour)
        picture = self.harmonized(composite, mask) if changes is None else pasted(composite + changes, composite, mask)
        return Seen(picture, mask, probabilities, logits)

    def harmonized(self, composite: Tensor, mask: Tensor) -> Tensor:
        """The second step with any mask, as the true one or a binarised one: what the mask's errors cost is seen by it."""
        if self.harmonizer is not None:
            return self.harmonizer(composite, mask)
        return pasted(composite + self.detector.both(composite)[1], composite, mask)

    def infer(self) -> Self:
        """The mode in which it is used."""
        self.eval()
        if self.harmonizer is not None:
            self.harmonizer.infer()
        return self

    def _looked(self, composite: Tensor) -> tuple[Tensor, Tensor | None]:
        return (self.detector(composite), None) if self.harmonizer is not None else self.detector.both(composite)


class _Built(Struct, frozen=True, forbid_unknown_fields=True):
    network: NetworkName
    width: Width
    colour: bool
    harmonizer: Architecture | None


class _Said(Struct, frozen=True):
    blind: _Built
    confidence: Confidence
    masked: Confidence | None = None


def save_system(
    path: Path,
    system: BlindSystem,
    *,
    width: int,
    architecture: Mapping[str, Any] | None,
    confidence: Confidence,
    metadata: Mapping[str, Any],
    masked: Confidence | None = None,
) -> None:
    """Writes ``model.safetensors`` atomically; ``architecture`` holds the arguments of ``build_harmonizer``, where there is one.

    ``masked`` is the confidence in the harmonizer when it is told the true mask.
    """
    built = {"network": system.detector.name, "width": width, "colour": system.colour, "harmonizer": architecture}
    write_weights(
        path,
        system,
        {**metadata, "blind": built, "confidence": structs.asdict(confidence)} | ({"masked": structs.asdict(masked)} if masked else {}),
    )


def load_system(path: Path) -> tuple[BlindSystem, Confidence, dict[str, Any]]:
    """The system on the CPU in its inference mode, when it is to be trusted, and the file's metadata."""
    said = described(path, read_metadata(path), _Said, wrong="not a blind system", advice=AGAIN)
    metadata, tensors = read_weights(path)
    try:
        with torch.device("meta"):
            expect_fit(path, _build(said.blind), tensors)
    except InputError as error:
        raise error if str(error).startswith(str(path)) else InputError(f"{path}: {error}; {AGAIN}") from error
    system = _build(said.blind)
    load_weights(path, system, tensors)
    return system.infer(), said.confidence, metadata


def masked_confidence(path: Path) -> Confidence | None:
    """When the system's harmonizer is to be trusted that is told the true mask; None where the file does not say."""
    return described(path, read_metadata(path), _Said, wrong="not a blind system", advice=AGAIN).masked


def _build(built: _Built) -> BlindSystem:
    harmonizer = None if built.harmonizer is None else build_harmonizer(**structs.asdict(built.harmonizer))
    detector = Detector(name=built.network, width=built.width, changes=harmonizer is None)
    return BlindSystem(detector, harmonizer, colour=built.colour)
