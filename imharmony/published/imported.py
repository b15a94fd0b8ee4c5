"""Which published network a model file was made of, by its first bytes, without torch."""

from pathlib import Path

from imharmony.published import HARMONIZERS, MATTING
from imharmony.storage.headers import told_by


def imported_name(path: Path) -> str | None:
    """The name in ``HARMONIZERS`` or ``MATTING`` that a safetensors file was imported as; None of any other file."""
    told = told_by(path, "published", "name")
    return told if isinstance(told, str) and told in HARMONIZERS | MATTING else None
