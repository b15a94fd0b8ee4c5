"""Files of weights: tensors and one text of metadata in a safetensors file. Reading runs no code from the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.storage.files import write_bytes

KEY = "harmonization"  # one key: safetensors writes several in a random order
AGAIN = "train again or fetch the file again"


def write_weights(path: Path, network: nn.Module, metadata: Mapping[str, Any]) -> None:
    """Writes the file atomically; equal weights and metadata give equal bytes."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_bytes(path, save(tensors, {KEY: json.dumps(metadata, sort_keys=True)}))


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The metadata and the tensors, on the CPU."""
    return _read(path, with_tensors=True)


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata alone: the file's first bytes, however large it is."""
    return _read(path, with_tensors=False)[0]


def _read(path: Path, *, with_tensors: bool) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})[KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()} if with_tensors else {}  # noqa: SIM118  # not a dict
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run the stage that trains it first (dvc repro)") from error
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: not a whole safetensors file ({error}); {AGAIN}") from error
    except (KeyError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: a safetensors file, but not one of ours; expected metadata under {KEY!r}; {AGAIN}") from error
    return metadata, tensors


def load_weights(path: Path, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Gives the network the tensors, which must be exactly its own by name, shape and type."""
    expected = network.state_dict()
    missing, extra = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or extra:
        raise InputError(f"{path}: missing tensors {missing[:3]} ({len(missing)}), unknown tensors {extra[:3]} ({len(extra)}); {AGAIN}")
    for name, tensor in expected.items():
        came, wanted = (tuple(tensors[name].shape), tensors[name].dtype), (tuple(tensor.shape), tensor.dtype)
        if came != wanted:
            raise InputError(f"{path}: tensor {name!r} is {came}; expected {wanted}; {AGAIN}")
    network.load_state_dict(tensors)
