"""What a joint system makes of test portraits: its composite by its own matte, harmonized, against the photograph.

And what it does to the background, of which report 004 says (figure 5) that a larger second lambda makes it darker and brings it nearer
to the person's colour. Pictures are uint8 (S, S, 3), mattes float (S, S) in [0, 1].
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch

from imharmony.colour.spaces import lab_from_srgb
from imharmony.errors import InputError
from imharmony.evaluation.methods import whole_levels
from imharmony.matting.batches import trimap_tensor
from imharmony.matting.evaluation import parts_of
from imharmony.matting.joint import JointSystem, laid
from imharmony.matting.portraits import Portraits, tensors_of
from imharmony.networks.matting import predict_alpha
from imharmony.running.processes import Run
from imharmony.running.progress import bar
from imharmony.running.randomness import torch_threads
from imharmony.storage.shards import Row

LOOKS = ("given_lightness", "lightness", "given_distance", "distance")  # of a background

# One row for each composite and system.
HARMONIZED = pa.schema(
    [
        ("dataset", pa.string()),
        ("sample_id", pa.string()),
        ("image_id", pa.int64()),
        ("system", pa.string()),
        ("given_mse", pa.float64()),  # of the composite by the system's matte against the photograph, levels², whole picture
        ("mse", pa.float64()),  # of the harmonized picture
        ("background_mse", pa.float64()),  # the same where the true matte has no person, weighed by 1 - A
        *((name, pa.float64()) for name in LOOKS),  # mean CIELAB L of the background; and of its mean (a, b) from the person's
    ]
)


@dataclass(frozen=True)
class _Part:
    portraits: Portraits
    system: JointSystem
    name: str
    dataset: str
    device: torch.device
    threads: int


def harmonized_portraits(
    portraits: Portraits, system: JointSystem, *, name: str, dataset: str, device: torch.device, run: Run | None = None
) -> list[Row]:
    """Rows of ``HARMONIZED``: each composite of the packed portraits, which come with their stored trimaps.

    ``run`` is where they are made, some at a time; None: here.
    """
    system.to(device).infer()
    told = {"system": system, "name": name, "dataset": dataset, "device": device, "threads": torch.get_num_threads()}
    jobs = (_Part(portraits.taken(places), **told) for places in parts_of(range(len(portraits))))
    rows: list[Row] = []
    with bar(total=len(portraits), what=f"harmonized: {name}", unit="composites") as progress:
        for part in (run or Run(1))(_harmonized_part, jobs):
            rows += part
            progress.update(len(part))
    return rows


def _harmonized_part(part: _Part) -> list[Row]:
    rows: list[Row] = []
    portraits, device = part.portraits, part.device
    with torch_threads(part.threads):
        for index, own in enumerate(portraits.rows.select(["sample_id", "image_id"]).to_pylist()):
            given, made, _ = pictures_of(portraits, index, part.system, device=device, where=f"{part.name}: {own['sample_id']}")
            columns = measured(given, made, np.asarray(portraits.picture[index]), np.asarray(portraits.alpha[index]) / 255)
            rows.append({"dataset": part.dataset, **own, "system": part.name} | columns)
    return rows


@torch.inference_mode()
def pictures_of(
    portraits: Portraits, index: int, system: JointSystem, *, device: torch.device, where: str, behind: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """I_d, I_h and A_r of a portrait by a system's own matte; over another background than its composite's, if one is given."""
    if portraits.trimap is None:
        raise InputError(f"{where}: portraits without trimaps; expected the stored ones; run make_trimaps")
    picture, front, back = layers_of(portraits, index, device=device)
    if behind is not None:
        front, back = picture, _unit(behind, device)
    alpha = predict_alpha(system.matting, picture, trimap_tensor(np.asarray(portraits.trimap[index])).to(device))
    given = laid(front, back, alpha)
    return (
        whole_levels(given[0], where),
        whole_levels(system.harmonized(given, alpha)[0], where),
        alpha[0, 0].cpu().numpy().astype(np.float64),
    )


def layers_of(portraits: Portraits, index: int, *, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The photograph, and what a composite has in front and behind, (1, 3, S, S) in [0, 1]."""
    own = tensors_of(portraits, [index], device=device)
    if portraits.direction == "background":
        return own["picture"], own["picture"], own["changed"]
    return own["picture"], own["changed"], own["picture"]


def measured(given: np.ndarray, made: np.ndarray, picture: np.ndarray, alpha: np.ndarray) -> Row:
    """The measured columns; a portrait that is nowhere certain, or everywhere, has no colour of its own or of the other: null."""
    share = 1 - alpha
    errors = {name: np.square(each.astype(np.float64) - picture) for name, each in (("given", given), ("made", made))}
    person = _mean_lab(picture, alpha)
    looks = {name: _mean_lab(each, share) for name, each in (("given", given), ("made", made))}
    found: Row = {"given_mse": float(errors["given"].mean()), "mse": float(errors["made"].mean())}
    if not share.any() or not alpha.any():
        return found
    found["background_mse"] = float((errors["made"].mean(2) * share).sum() / share.sum())
    for prefix, look in (("given_", looks["given"]), ("", looks["made"])):
        found |= {f"{prefix}lightness": float(look[0]), f"{prefix}distance": float(np.hypot(*(look[1:] - person[1:])))}
    return found


def _mean_lab(picture: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (lab_from_srgb(picture / 255) * weights[..., None]).sum((0, 1)) / max(weights.sum(), 1e-9)


def _unit(picture: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].to(device).float() / 255
