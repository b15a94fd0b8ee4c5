"""A trained harmonizer in one file: weights and all that rebuilds it. Reading runs no code from the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from harmonization.errors import InputError
from harmonization.files import write_bytes
from harmonization.networks.harmonizer import Harmonizer, build_harmonizer

KEY = "harmonization"  # one key: safetensors writes several in a random order
AGAIN = "train again or fetch the file again"


def save_harmonizer(path: Path, harmonizer: Harmonizer, architecture: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Writes ``model.safetensors`` atomically; equal weights and metadata give equal bytes.

    ``architecture`` holds the arguments of ``build_harmonizer``.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in harmonizer.state_dict().items()}
    text = json.dumps({**metadata, "architecture": dict(architecture)}, sort_keys=True)
    write_bytes(path, save(tensors, {KEY: text}))


def load_harmonizer(path: Path) -> tuple[Harmonizer, dict[str, Any]]:
    """The harmonizer on the CPU in its inference mode, and the file's metadata with the key ``architecture``."""
    metadata, tensors = _read(path)
    try:
        harmonizer = build_harmonizer(**metadata["architecture"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: the architecture does not fit this version ({error}); {AGAIN}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}; the file is of another version; {AGAIN}") from error
    _check_tensors(path, tensors, expected=harmonizer.state_dict())
    harmonizer.load_state_dict(tensors)
    return harmonizer.infer(), metadata


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})[KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; train the variant first (dvc repro)") from error
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: not a whole safetensors file ({error}); {AGAIN}") from error
    except (KeyError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: a safetensors file, but not one of ours; expected metadata under {KEY!r}; {AGAIN}") from error
    return metadata, tensors


def _check_tensors(path: Path, tensors: Mapping[str, Tensor], *, expected: Mapping[str, Tensor]) -> None:
    missing, extra = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or extra:
        raise InputError(f"{path}: missing tensors {missing[:3]} ({len(missing)}), unknown tensors {extra[:3]} ({len(extra)}); {AGAIN}")
    for name, tensor in expected.items():
        came, wanted = (tuple(tensors[name].shape), tensors[name].dtype), (tuple(tensor.shape), tensor.dtype)
        if came != wanted:
            raise InputError(f"{path}: tensor {name!r} is {came}; expected {wanted}; {AGAIN}")
