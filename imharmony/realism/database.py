"""The colour database: descriptions of real photographs, in one file, and the pictures that are most like another.

Lalonde & Efros 2007, "Using color compatibility for assessing image realism" (ICCV), as their published code has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
from msgspec import Meta, Struct
from torch import nn

from imharmony.errors import InputError
from imharmony.realism.description import Description, described
from imharmony.realism.histograms import Stack, chi_square, stacked
from imharmony.realism.textons import FILTERS, fit_textons
from imharmony.storage.descriptions import Size
from imharmony.storage.descriptions import described as read_description
from imharmony.storage.weights import read_weights, write_weights

COLOUR_SHARE = 0.75  # of the colours in a distance; the textons have the rest
FARTHEST = 0.35  # to the nearest background: beyond, the database knows nothing like the object, and the picture is judged by itself
AGAIN = "build it again with the stage build_colour_database"
PARTS = ("starts", "places", "shares")


@dataclass(frozen=True)
class ColourDatabase:
    """Histograms of N photographs, in ``Description``'s order, and how they were made."""

    size_px: int  # a side of the squared pictures
    bins: int
    neighbours: int
    textons: np.ndarray  # float32 (K, FILTERS)
    stacks: tuple[Stack, Stack, Stack, Stack]

    def describe(self, picture: np.ndarray, mask: np.ndarray) -> Description:
        """A picture as the database's own were described."""
        return described(picture, mask, bins=self.bins, textons=self.textons)


def build_database(
    pictures: Sequence[np.ndarray], masks: Sequence[np.ndarray], *, bins: int, textons: int, neighbours: int, seed: int
) -> ColourDatabase:
    """The database of real photographs, uint8 (S, S, 3), and their masks, float (S, S) in [0, 1]."""
    if len(pictures) < neighbours:
        came = f"{len(pictures)} photographs for {neighbours} neighbours"
        raise InputError(f"{came}; expected as many or more; lower `neighbours` or widen the data sets of the judge in params.yaml")
    centres = fit_textons(pictures, count=textons, seed=seed)
    found = [described(picture, mask, bins=bins, textons=centres) for picture, mask in zip(pictures, masks, strict=True)]
    first, second, third, fourth = (stacked([each[part] for each in found]) for part in range(4))
    return ColourDatabase(len(pictures[0]), bins, neighbours, centres, (first, second, third, fourth))


class Distances(NamedTuple):
    """Chi-square distances of a picture's parts to those of each photograph of a database, float64 (N,) each, in its order."""

    foreground_colours: np.ndarray
    foreground_textons: np.ndarray
    background_colours: np.ndarray
    background_textons: np.ndarray


def distances(database: ColourDatabase, seen: Description) -> Distances:
    """How far a picture is from each photograph, for any ``colour_share``."""
    return Distances(*(chi_square(own, stack) for own, stack in zip(seen, database.stacks, strict=True)))


def nearest_background(database: ColourDatabase, found: Distances, *, colour_share: float = COLOUR_SHARE) -> float:
    """How unlike the background is to those of photographs with such an object: 0 to 1, lower is more realistic.

    Among the ``neighbours`` photographs with the nearest foregrounds it is the least distance of their backgrounds. A distance is
    ``colour_share`` of the colours' chi-square and the rest of the textons'. Equally near foregrounds count in the database's order.
    """
    colours, kinds, behind, behind_kinds = found
    nearest = np.argsort(colour_share * colours + (1 - colour_share) * kinds, kind="stable")[: database.neighbours]
    return float((colour_share * behind + (1 - colour_share) * behind_kinds)[nearest].min())


def own_distance(seen: Description, *, colour_share: float = COLOUR_SHARE) -> float:
    """How unlike foreground and background of one picture are, by the same distance: 0 to 1, lower is more realistic."""
    colours = float(chi_square(seen.foreground_colours, stacked([seen.background_colours]))[0])
    kinds = float(chi_square(seen.foreground_textons, stacked([seen.background_textons]))[0])
    return colour_share * colours + (1 - colour_share) * kinds


class _Built(Struct, frozen=True, forbid_unknown_fields=True):
    size_px: Size
    bins: Annotated[int, Meta(ge=2, le=256)]
    neighbours: Annotated[int, Meta(ge=1, le=2**31)]


class _Said(Struct, frozen=True):
    colour_database: _Built


def save_database(path: Path, database: ColourDatabase, metadata: Mapping[str, Any]) -> None:
    """Writes ``database.safetensors`` atomically; beside what it needs stands what is known of its making."""
    holder = nn.Module()
    holder.register_buffer("textons", torch.from_numpy(database.textons))
    for field, stack in zip(Description._fields, database.stacks, strict=True):
        for part, values in zip(PARTS, stack, strict=True):
            holder.register_buffer(f"{field}_{part}", torch.from_numpy(values))
    built = {"size_px": database.size_px, "bins": database.bins, "neighbours": database.neighbours}
    write_weights(path, holder, {**metadata, "colour_database": built})


def load_database(path: Path) -> tuple[ColourDatabase, dict[str, Any]]:
    """The database and the file's metadata; anything that is not whole raises an ``InputError`` that names the file."""
    metadata, tensors = read_weights(path)
    built = read_description(path, metadata, _Said, wrong="not a colour database", advice=AGAIN).colour_database
    wanted = {"textons", *(f"{field}_{part}" for field in Description._fields for part in PARTS)}
    if tensors.keys() != wanted:
        raise InputError(f"{path}: tensors {sorted(tensors)[:3]} ({len(tensors)}); expected the {len(wanted)} of a database; {AGAIN}")
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    textons = arrays["textons"]
    limits = {"colours": built.bins**3, "textons": len(textons)}
    stacks = [Stack(*(arrays[f"{field}_{part}"] for part in PARTS)) for field in Description._fields]
    is_whole = textons.ndim == 2 and textons.shape[1] == FILTERS and textons.dtype == np.float32
    is_whole = is_whole and all(
        _is_whole(stack, limits[field.partition("_")[2]]) for field, stack in zip(Description._fields, stacks, strict=True)
    )
    if not is_whole or len({len(stack) for stack in stacks}) > 1 or len(stacks[0]) < built.neighbours:
        raise InputError(f"{path}: histograms that do not fit together; expected those of one set of photographs; {AGAIN}")
    first, second, third, fourth = stacks
    return ColourDatabase(built.size_px, built.bins, built.neighbours, textons, (first, second, third, fourth)), metadata


def _is_whole(stack: Stack, bins: int) -> bool:
    starts, places, shares = stack
    kinds = (starts.dtype, places.dtype, shares.dtype) == (np.int64, np.int64, np.float64)
    if not kinds or starts.ndim != 1 or len(starts) < 2 or places.ndim != 1 or places.shape != shares.shape or not len(places):
        return False
    is_cut = starts[0] == 0 and starts[-1] == len(places) and (np.diff(starts) > 0).all()
    return bool(is_cut and places.min() >= 0 and places.max() < bins and shares.min() > 0 and shares.max() <= 1)
