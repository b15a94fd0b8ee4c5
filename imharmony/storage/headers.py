"""What a file of weights says of itself, read from its first bytes without torch."""

import json
from pathlib import Path
from typing import Any

KEY = "harmonization"  # one key of a safetensors file's metadata: safetensors writes several in a random order
LONGEST_HEADER = 8 << 20  # bytes: names and shapes of the tensors, and the metadata; ours have some ten thousand


def told_by(path: Path, *keys: str) -> Any:
    """What stands under these keys, one within another, in the metadata of a file of ours; None of a file that does not say it."""
    try:
        found = _metadata(path)
        for key in keys:
            found = found[key]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # no such file, no JSON, or JSON of another form
        return None
    return found


def _metadata(path: Path) -> Any:
    if not path.is_file():
        raise ValueError("not a file")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LONGEST_HEADER:
            raise ValueError("not a header of ours")
        return json.loads(json.loads(file.read(length))["__metadata__"][KEY])
