"""Authors' harmonizers as harmonizers of this library, and as files of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from imharmony.checkpoint import save_harmonizer
from imharmony.errors import InputError
from imharmony.networks.blocks import Generator
from imharmony.networks.harmonizer import Harmonizer, InferenceMode
from imharmony.published import MATTING
from imharmony.published.harmonizers import HARMONIZERS, USES
from imharmony.published.reading import read_published
from imharmony.published.record import Use
from imharmony.published.sources import Source
from imharmony.storage.files import sha256_of


def harmonizer_of(files: Path | Sequence[Path], name: str, *, inference_mode: InferenceMode | None = None) -> Harmonizer:
    """The harmonizer ``name`` with its authors' weights, on the CPU, used like any other of this library.

    It takes composites (B, 3, H, W) in [-1, 1] and masks (B, 1, H, W) in [0, 1], and gives pictures in [-1, 1]. Without ``inference_mode``
    it is tested as its authors do; ``eval`` uses the running statistics of batch norms and no dropout, ``train`` those of the one picture,
    and dropout of a fixed seed. What ``read_published`` refuses is an ``InputError``.
    """
    use = _use_of(name)
    network = cast("Generator", read_published(files, name))
    return Harmonizer(network, mask_input=True, paste=use.paste, inference_mode=inference_mode or use.inference_mode).infer()


def import_published(files: Sequence[Path], name: str, out: Path, *, inference_mode: InferenceMode | None = None) -> None:
    """Writes authors' weights as ``model.safetensors``, with source, licence and SHA-256 in its metadata; no code of a file runs."""
    use = _use_of(name)
    harmonizer, source = harmonizer_of(files, name, inference_mode=inference_mode), HARMONIZERS[name].source
    metadata = {"size_px": use.size_px, "input": "composites", "published": told_of(source, name, files)}
    save_harmonizer(out, harmonizer, use.architecture(inference_mode), metadata)


def told_of(source: Source, name: str, files: Sequence[Path]) -> dict[str, Any]:
    """What a file says of the network that it was made of."""
    return {
        "name": name,
        "paper": source.paper,
        "repository": source.repository,
        "place": source.place,
        "licence": source.licence,
        "commercial_use": source.commercial_use,
        "files": [{"name": path.name, "sha256": sha256_of(path)} for path in files],
    }


def _use_of(name: str) -> Use:
    if name not in USES:
        known = ", ".join([*USES, *MATTING])
        raise InputError(f"published network is {name!r}; expected one of {known}; see `harmonize models list`")
    return USES[name]
