"""Files of weights: tensors and one text of metadata in a safetensors file. Reading runs no code from the file."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.storage.files import write_bytes
from imharmony.storage.headers import KEY, LONGEST_HEADER

AGAIN = "train again or fetch the file again"
VARIANCE = "running_var"  # of batch norms


def write_weights(path: Path, network: nn.Module, metadata: Mapping[str, Any]) -> None:
    """Writes the file atomically; equal weights and metadata give equal bytes."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_bytes(path, save(tensors, {KEY: json.dumps(metadata, sort_keys=True)}))


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The metadata and the tensors, on the CPU; all of their values are finite."""
    metadata, tensors = _read(path, with_tensors=True)
    for name, tensor in tensors.items():
        _expect_usable(path, name, tensor)
    return metadata, tensors


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata alone: the file's first bytes, however large it is."""
    return _read(path, with_tensors=False)[0]


def _read(path: Path, *, with_tensors: bool) -> tuple[dict[str, Any], dict[str, Tensor]]:
    _expect_short_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = _decoded((file.metadata() or {})[KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()} if with_tensors else {}  # noqa: SIM118  # not a dict
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: not a whole safetensors file ({error}); {AGAIN}") from error
    except (KeyError, ValueError, RecursionError) as error:  # ValueError: no JSON, or JSON that says a thing twice
        raise InputError(f"{path}: a safetensors file, but not one of ours; expected metadata under {KEY!r}; {AGAIN}") from error
    return metadata, tensors


def _expect_short_header(path: Path) -> None:
    """Before the library reads it: a pipe would be waited for, and a header of any length be parsed."""
    try:
        seen = path.stat()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run the stage that trains it first (dvc repro)") from error
    if not stat.S_ISREG(seen.st_mode):
        raise InputError(f"{path}: not a file; expected model.safetensors of a training; name one")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if LONGEST_HEADER < length <= seen.st_size:
        raise InputError(f"{path}: its header has {length:,} bytes; expected at most {LONGEST_HEADER:,}; {AGAIN}")


def _decoded(text: str) -> dict[str, Any]:
    metadata = json.loads(text, object_pairs_hook=_each_once, parse_constant=_refused)
    if not isinstance(metadata, dict):
        raise ValueError("no object")
    return metadata


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key that stands twice")
    return found


def _refused(constant: str) -> None:
    raise ValueError(f"{constant}, which is no JSON")


def _expect_usable(path: Path, name: str, tensor: Tensor) -> None:
    """A network with such values answers with black or with noise and says nothing."""
    if not tensor.is_floating_point():
        return
    if not torch.isfinite(tensor).all():
        raise InputError(f"{path}: tensor {name!r} has values that are not finite; expected numbers; {AGAIN}")
    if name.endswith(VARIANCE) and (tensor < 0).any():
        raise InputError(f"{path}: tensor {name!r} has negative values; expected variances; {AGAIN}")


def expect_fit(path: Path, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Raises an ``InputError`` unless the tensors are exactly the network's by name, shape and type; it may be one on ``meta``."""
    expected = network.state_dict()
    missing, extra = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or extra:
        raise InputError(f"{path}: missing tensors {missing[:3]} ({len(missing)}), unknown tensors {extra[:3]} ({len(extra)}); {AGAIN}")
    for name, tensor in expected.items():
        came, wanted = (tuple(tensors[name].shape), tensors[name].dtype), (tuple(tensor.shape), tensor.dtype)
        if came != wanted:
            raise InputError(f"{path}: tensor {name!r} is {came}; expected {wanted}; {AGAIN}")


def load_weights(path: Path, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Gives the network the tensors, which must be exactly its own by name, shape and type."""
    expect_fit(path, network, tensors)
    network.load_state_dict(tensors)
