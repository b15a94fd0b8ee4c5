"""New backgrounds for portraits: photographs of a folder, as report 004 takes those of the SUN database, or places of the studio."""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imharmony.sources.left_out import examples_of
from imharmony.sources.new_backgrounds import NewBackgrounds
from imharmony.studio.things import render_place

FIRST = 1_000_000  # of the studio's places: no pretraining lays a thing over these

log = logging.getLogger(__name__)


class NewPlace(NamedTuple):
    """A background, uint8 (S, S, 3), and where it came from."""

    name: str
    picture: np.ndarray


def places_of(folder: Path | None, count: int, *, size_px: int, seed: int) -> list[NewPlace]:
    """So many places, the same for the same arguments. A photograph that cannot be read is left out for the next one, and told."""
    if folder is None:
        return [NewPlace(f"studio_{index}", render_place(seed=seed, index=FIRST + index, size_px=size_px)) for index in range(count)]
    drawn = NewBackgrounds(folder, seed=seed)
    found = []
    for number in range(count):
        name, cut = drawn.background(number, width=size_px, height=size_px)
        found.append(NewPlace(name, np.ascontiguousarray(cut.picture)))
    if drawn.left_out:
        log.warning("%s: %d photographs left out (%s)", folder, len(drawn.left_out), examples_of(drawn.left_out))
    return found
