"""torchvision's published weights, which the user brings: where torch keeps such files, and whether one is what its name says.

The digits at the end of torchvision's own file names are the beginning of the file's SHA-256.
"""

from pathlib import Path

import torch

from imharmony.storage.files import sha256_of

PLACE = "checkpoints/ of torch's hub folder ($TORCH_HOME/hub, by default ~/.cache/torch/hub)"  # no absolute path: the report prints it


def hub_file(name: str) -> Path:
    """Where torch keeps the file of this name."""
    return Path(torch.hub.get_dir(), "checkpoints", name)


def missing_weights(name: str, needed_by: str, file: Path | None = None) -> str | None:
    """Why the weights of this name cannot be had, by default from torch's own place, in one sentence; None when they can.

    ``needed_by`` begins the sentence that says so, as "LPIPS needs".
    """
    prefix = Path(name).stem.rsplit("-", 1)[1]
    path, place = (hub_file(name), PLACE) if file is None else (file, str(file.parent))
    if not path.is_file():
        return f"{needed_by} torchvision's {name} (SHA-256 beginning with {prefix}): put {path.name} into {place}"
    found = sha256_of(path)
    if not found.startswith(prefix):
        return f"{path.name} in {place} has a SHA-256 beginning with {found[:8]}; expected {prefix}, torchvision's {name}: replace it"
    return None
