"""Authors' matting networks as files of this library."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from imharmony.matting.checkpoint import MattingArchitecture, save_matting
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.published import MATTING
from imharmony.published.importing import told_of
from imharmony.published.reading import read_published

# How each is built, and the side in pixels of what its authors show it. Theirs is the shorter side of MODNet's, with the ratio kept: here
# the photograph is squared, so that the exported file, whose sides are fixed, says the same.
USES = {
    "deep_matting": (MattingArchitecture("dim", 1.0), 320),
    "indexnet": (MattingArchitecture("indexnet", 1.0, index="m2o", nonlinear=True, context=True), 320),
    "modnet": (MattingArchitecture("portrait", 1.0), 512),
}


def import_matting(files: Sequence[Path], name: str, out: Path) -> None:
    """Writes authors' weights as ``.safetensors``, with source, licence and SHA-256 in its metadata; no code of a file runs.

    What ``read_published`` refuses is an ``InputError``.
    """
    network = cast("MattingNetwork", read_published(files, name))
    told = {"published": told_of(MATTING[name], name, files), "is_fine": True}
    architecture, size_px = USES[name]
    save_matting(out, network, architecture, size_px=size_px, metadata=told)
