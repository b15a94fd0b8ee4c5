"""Test clips as pictures: the frames of all methods side by side, one frame below the other."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from imharmony.clips.judging import TRUTH, clip_at, names_of, outputs_of
from imharmony.clips.methods import ClipMethod
from imharmony.composing.packed_clips import PackedClips
from imharmony.pictures.images import encode_patch
from imharmony.storage.files import write_bytes, write_text

SHOWN = 6


def shown_clips(split: PackedClips) -> list[int]:
    """Places of clips that are shown: of each kind as many, evenly spread, without a look at any result."""
    kinds = [row["kind"] for row in names_of(split)]
    found: list[int] = []
    distinct = sorted(set(kinds))
    for kind in distinct:
        places = np.flatnonzero(np.array(kinds) == kind)
        count = min(len(places), max(SHOWN // len(distinct), 1))
        found += places[np.linspace(0, len(places) - 1, count).round().astype(int)].tolist()
    return sorted(set(found))


def write_clips(folder: Path, split: PackedClips, methods: Mapping[str, ClipMethod], *, dataset: str) -> None:
    """``<dataset>_<number>.png`` for each clip that is shown, and ``columns.json``: the truth is the last of each line's columns."""
    columns: list[str] = []
    for number, place in enumerate(shown_clips(split)):
        composite, real, mask, _ = clip_at(split, place)
        own = {name: frames for name, _, frames in outputs_of(methods, composite, mask, where=str(place))}  # by the last smoothing
        columns = [*own, TRUTH]
        strip = np.concatenate([*own.values(), real], axis=2)
        write_bytes(folder / f"{dataset}_{number}.png", encode_patch(strip.reshape(-1, *strip.shape[2:])))
    write_text(folder / "columns.json", json.dumps(columns) + "\n")
