"""A trained harmonizer in one file: weights and all that rebuilds it. Reading runs no code from the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imharmony.errors import InputError
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer
from imharmony.storage.weights import AGAIN, load_weights, read_weights, write_weights


def save_harmonizer(path: Path, harmonizer: Harmonizer, architecture: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Writes ``model.safetensors`` atomically; equal weights and metadata give equal bytes.

    ``architecture`` holds the arguments of ``build_harmonizer``.
    """
    write_weights(path, harmonizer, {**metadata, "architecture": dict(architecture)})


def load_harmonizer(path: Path) -> tuple[Harmonizer, dict[str, Any]]:
    """The harmonizer on the CPU in its inference mode, and the file's metadata with the key ``architecture``."""
    metadata, tensors = read_weights(path)
    try:
        harmonizer = build_harmonizer(**metadata["architecture"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: the architecture does not fit this version ({error}); {AGAIN}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}; the file is of another version; {AGAIN}") from error
    load_weights(path, harmonizer, tensors)
    return harmonizer.infer(), metadata
