"""Networks that mark the pixels that look wrong: for each pixel the probability that it is too dark, too bright, of another colour.

Pictures are float (B, 3, H, W) in [-1, 1].
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from msgspec import Struct
from torch import Tensor, nn

from imharmony.blind.labels import CLASSES
from imharmony.errors import InputError
from imharmony.networks.disharmony_critic import DisharmonyCritic
from imharmony.networks.observing import ObservingNetwork
from imharmony.storage.descriptions import Size, Width, described
from imharmony.storage.weights import AGAIN, expect_fit, load_weights, read_metadata, read_weights, write_weights

NetworkName = Literal["small", "observing"]
NONE = -2.0  # logit at which the small network begins: an eighth


class Detector(nn.Module):
    """One of two networks. ``small`` is a U-Net of a disharmony critic's layers with a map for each of ``labels.CLASSES``.

    ``observing`` is Dolhasz et al.'s VGG-16 (arXiv:1912.06433), whose third class is "none" where ours is colour: it has no map of colour.
    """

    def __init__(self, *, name: NetworkName, width: int, changes: bool = False) -> None:
        super().__init__()
        if changes and name != "small":
            raise InputError(f"a detector {name!r} with changes; expected small, which alone has maps for them")
        self.name = name
        self.changes = changes
        maps = len(CLASSES) + (3 if changes else 0)
        self.network = _small(width, maps) if name == "small" else ObservingNetwork()

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (B, 3, H, W): of each of ``CLASSES``, or of too dark, too bright and none."""
        return self.network(pictures)[:, : len(CLASSES)]

    def both(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The logits, and what is to be added to the picture, (B, 3, H, W); of a network with ``changes``."""
        maps = self.network(pictures)
        return maps[:, : len(CLASSES)], maps[:, len(CLASSES) :]

    def probabilities(self, logits: Tensor) -> Tensor:
        """(B, 3, H, W) of each of ``CLASSES`` by itself; that of a colour is 0 where the network has none."""
        if self.name == "small":
            return logits.sigmoid()
        chances = logits.softmax(1)
        return torch.cat([chances[:, :2], torch.zeros_like(chances[:, :1])], 1)


def _small(width: int, maps: int) -> DisharmonyCritic:
    """It begins unsure of every pixel, and with changes of none."""
    network = DisharmonyCritic(width=width, outputs=maps)
    with torch.no_grad():
        bias = torch.zeros(maps)
        bias[: len(CLASSES)] = NONE
        network.head.bias = nn.Parameter(bias)
        network.head.weight[len(CLASSES) :] = 0
    return network


def soft_mask(probabilities: Tensor, *, colour: bool) -> Tensor:
    """The mask that a harmonizer is given, (B, 1, H, W): the largest of the probabilities, as the seed's max(p_neg, p_pos)."""
    return (probabilities if colour else probabilities[:, :2]).amax(1, keepdim=True)


class _Built(Struct, frozen=True, forbid_unknown_fields=True):
    name: NetworkName
    width: Width
    size_px: Size
    changes: bool = False


class _Said(Struct, frozen=True):
    detector: _Built


def save_detector(path: Path, detector: Detector, *, width: int, size_px: int, metadata: Mapping[str, Any]) -> None:
    """Writes ``model.safetensors`` atomically; ``size_px`` is the side of the pictures that it learned from."""
    built = {"name": detector.name, "width": width, "size_px": size_px, "changes": detector.changes}
    write_weights(path, detector, {**metadata, "detector": built})


class Found(NamedTuple):
    """What of a detector's probabilities counts as found.

    The ``odds`` of each class are multiplied, so that all three have as few false alarms at a half; ``limit`` is of what comes of that.
    ``least_share`` of a picture is the smallest finding.
    """

    limit: float = 0.5
    least_share: float = 0.005
    odds: tuple[float, float, float] = (1.0, 1.0, 1.0)


def evidence(probabilities: Tensor, odds: Sequence[float]) -> Tensor:
    """Probabilities (B, 3, H, W) with their odds multiplied, in [0, 1]."""
    factors = probabilities.new_tensor(odds)[:, None, None]
    return probabilities * factors / (1 - probabilities + probabilities * factors)


def found_in(path: Path, metadata: Mapping[str, Any]) -> Found:
    """As the file's metadata has it; those of files of before it was chosen on photographs are ``Found()``."""
    plain = Found()
    limit, share = metadata.get("limit", plain.limit), metadata.get("least_share", plain.least_share)
    for name, value, most in (("limit", limit, 1.0), ("least_share", share, 0.5)):
        if not isinstance(value, float) or not 0 < value <= most:
            raise InputError(f"{path}: its metadata has {name} {value!r}; expected a number above 0 and up to {most:g}; {AGAIN}")
    odds = metadata.get("odds", list(plain.odds))
    if not isinstance(odds, list) or len(odds) != len(CLASSES) or not all(isinstance(each, float) and 0 < each < 1e6 for each in odds):
        raise InputError(f"{path}: its metadata has odds {odds!r}; expected three numbers above 0; {AGAIN}")
    return Found(limit, share, (odds[0], odds[1], odds[2]))


def load_detector(path: Path) -> tuple[Detector, int, dict[str, Any]]:
    """The detector on the CPU in its evaluation mode, the side of the pictures that it takes, and the file's metadata."""
    found = described(path, read_metadata(path), _Said, wrong="not a detector", advice=AGAIN).detector
    metadata, tensors = read_weights(path)
    try:
        with torch.device("meta"):
            expect_fit(path, Detector(name=found.name, width=found.width, changes=found.changes), tensors)
    except InputError as error:
        raise error if str(error).startswith(str(path)) else InputError(f"{path}: {error}; {AGAIN}") from error
    detector = Detector(name=found.name, width=found.width, changes=found.changes)
    load_weights(path, detector, tensors)
    return detector.eval(), found.size_px, metadata
