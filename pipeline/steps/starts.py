"""The file that a variant's training begins with, as what it makes says of it."""

from pathlib import Path
from typing import Any

from imharmony.storage.files import sha256_of
from imharmony.storage.weights import read_metadata
from pipeline.params.training import Variant


def start_facts(variant: Variant) -> dict[str, Any]:
    """Which file it was and, where that was a published network's, whose and under which licence: what goes on from it is made of it."""
    if variant.start is None:
        return {}
    path = Path(variant.start)
    return {"start": {"file": path.name, "sha256": sha256_of(path), "published": read_metadata(path).get("published")}}
