"""Which published network a model file was made of, by its first bytes, without torch."""

import json
from pathlib import Path
from typing import Any

from imharmony.published import HARMONIZERS

LONGEST_HEADER = 8 << 20  # bytes
KEY = "harmonization"  # of ours in a safetensors file's metadata, as in ``storage.weights``


def imported_name(path: Path) -> str | None:
    """The name in ``HARMONIZERS`` that a safetensors file was imported as; None of any other file."""
    try:
        told = _metadata(path)["published"]["name"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # no such file, no JSON, or JSON of another form
        return None
    return told if isinstance(told, str) and told in HARMONIZERS else None


def _metadata(path: Path) -> Any:
    if not path.is_file():
        raise ValueError("not a file")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LONGEST_HEADER:
            raise ValueError("not a header of ours")
        return json.loads(json.loads(file.read(length))["__metadata__"][KEY])
