"""Composites that a detector can find, with the manifest's columns that labels are read from."""

import json

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from imharmony.blind.detector import Detector
from imharmony.blind.shifts import Look, Shift, looks_of, moved
from imharmony.composing.packed_split import PackedSplit
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer
from tests.composites import packed

SIZE = 32
CPU = torch.device("cpu")
ARCHITECTURE = {"name": "idih", "width": 2, "size_px": SIZE, "mask_input": True, "paste": True, "inference_mode": "eval"}


def in_tensors(split: PackedSplit) -> tuple[Tensor, Tensor, Tensor]:
    """Composites, truths (N, 3, S, S) and masks (N, 1, S, S), in [0, 1]."""
    pictures = (torch.from_numpy(np.array(each)).permute(0, 3, 1, 2) / 255 for each in (split.composite, split.real))
    return *pictures, torch.from_numpy(np.array(split.mask))[:, None] / 255


def split_of(count: int, *, seed: int = 0, stops: float = 0.8) -> PackedSplit:
    """Discs that are brighter and darker in turns by so many stops, as a transfer of lightness would have made them."""
    found = packed(count, SIZE, seed=seed)
    _, real, mask = in_tensors(found)
    shifts = [Shift(stops if number % 2 == 0 else -stops) for number in range(count)]
    looks = looks_of(real, mask)
    made = moved(real, mask, shifts, looks).mul(255).round().byte().permute(0, 2, 3, 1).numpy()
    columns = {
        "direction": ["foreground"] * count,
        "transfer": ["luminance"] * count,
        "transfer_params": [_said(look, shift.stops) for look, shift in zip(looks, shifts, strict=True)],
        "reference_image_id": np.roll(np.arange(count), 1),
        "reference_annotation_id": np.roll(np.arange(count), 1),
        "foreground_ratio": found.mask.mean((1, 2)) / 255,
    }
    rows = found.rows
    for name, values in columns.items():
        rows = rows.append_column(name, pa.array(values))
    return PackedSplit(rows, made, found.real, found.mask)


def _said(look: Look, stops: float) -> str:
    return json.dumps({"own": [*look, 1, 1, 1], "reference": [look.lightness * 2**stops, look.a, look.b, 1, 1, 1]})


def harmonizer_of(*, seed: int = 0, **changes: object) -> Harmonizer:
    """A small one that pastes."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build_harmonizer(**(ARCHITECTURE | changes))


def detector_of(*, seed: int = 0, changes: bool = False) -> Detector:
    """A small one, before its training."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Detector(name="small", width=2, changes=changes).eval()


class Finding(nn.Module):
    """A network whose logits of too dark and too bright are great where a picture's channel 0 is low and high."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (B, 3, H, W)."""
        level = pictures[:, :1]
        return torch.cat([-40 * level - 20, 40 * level - 20, torch.full_like(level, -20)], 1)


def finding() -> Detector:
    """A detector of ``Finding``."""
    found = detector_of()
    found.network = Finding()
    return found


def bits(network: nn.Module) -> dict[str, bytes]:
    """Each tensor's."""
    return {name: tensor.detach().numpy().tobytes() for name, tensor in network.state_dict().items()}
