"""Authors' matting networks as files of this library."""

from collections.abc import Sequence
from pathlib import Path

from imharmony.errors import InputError
from imharmony.matting.checkpoint import MattingArchitecture, save_matting
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.published import MATTING
from imharmony.published.importing import told_of
from imharmony.published.reading import read_published

ARCHITECTURES = {
    "deep_matting": MattingArchitecture("dim", 1.0),
    "indexnet": MattingArchitecture("indexnet", 1.0, index="m2o", nonlinear=True, context=True),
    "modnet": MattingArchitecture("portrait", 1.0),
}
SEEN_PX = {"deep_matting": 320, "indexnet": 320, "modnet": 512}  # the side of what their authors show them


def import_matting(files: Sequence[Path], name: str, out: Path) -> None:
    """Writes authors' weights as ``.safetensors``, with source, licence and SHA-256 in its metadata; no code of a file runs.

    What ``read_published`` refuses is an ``InputError``.
    """
    network = read_published(files, name)
    if not isinstance(network, MattingNetwork):
        raise InputError(f"{name}: no matting network; expected one of {', '.join(ARCHITECTURES)}")
    told = {"published": told_of(MATTING[name], name, files), "is_fine": True}
    save_matting(out, network, ARCHITECTURES[name], size_px=SEEN_PX[name], metadata=told)
