"""The files of one photograph and its mask: read, harmonized and written with all that the photograph's file had."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer, Proposal, region_of
from imharmony.harmonizing.cutout import Placement, composed
from imharmony.harmonizing.detection import Findings, found_in
from imharmony.harmonizing.detectors import Detector
from imharmony.harmonizing.offers import MEGAPIXELS, STARTER, Direction
from imharmony.pictures.deep_colours import fine_srgb
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.opening import Source, turned_note
from imharmony.pictures.pairs import check_pair
from imharmony.pictures.photo_files import Photograph, read_photograph, srgb_of
from imharmony.pictures.polarity import inverted_line
from imharmony.pictures.saving import encode_photograph, expect_room
from imharmony.pictures.visible import filled
from imharmony.storage.files import write_bytes


class Given(NamedTuple):
    """What is harmonized: the photograph, what of it is the pasted object, and the names of both for messages."""

    photograph: Photograph
    matte: np.ndarray  # uint8 (H, W), 255 = the pasted object
    photo: Path
    mask: Path
    mask_file: Source | None = None  # is asked for its orientation where the sizes differ; None: the mask is of no file


class Done(NamedTuple):
    """What became of one photograph."""

    out: Path
    proposal: Proposal
    strength: float  # 0 where caution left it as it was
    is_left: bool  # because no improvement was expected


def harmonize_file(
    harmonizer: Harmonizer, given: Given, out: Path, *, strength: float = 1.0, direction: Direction = "foreground", cautious: bool = False
) -> Done:
    """Harmonizes one photograph and writes it, with all that its file had."""
    photograph, photo = given.photograph, given.photo
    expect_room(photograph, out, name=str(photo))
    proposal = proposed(harmonizer, given, direction=direction)
    if cautious and proposal.is_trusted is None:
        raise InputError(f"--cautious: {harmonizer.model.name} does not tell how sure it is; expected a model that does; take {STARTER}")
    is_left = cautious and not proposal.is_trusted
    applied = 0.0 if is_left else strength
    write_bytes(out, encoded(photograph, proposal, applied, out))
    return Done(out, proposal, applied, is_left)


def proposed(harmonizer: Harmonizer, given: Given, *, direction: Direction = "foreground") -> Proposal:
    """What a model would change in a photograph, of which it sees the visible pixels in sRGB."""
    return harmonizer.propose(seen_of(given, direction=direction), given.matte, direction=direction)


def seen_of(given: Given, *, direction: Direction = "foreground") -> np.ndarray:
    """What a model sees of a photograph: its visible pixels in sRGB, uint8 (H, W, 3); raises an ``InputError`` where its mask is none."""
    photograph, name = given.photograph, str(given.photo)
    region = region_of(given.matte, direction)
    _expect_pair(given, region)
    return filled(srgb_of(photograph, name=name), photograph.alpha, region, name=name)


def encoded(photograph: Photograph, proposal: Proposal, strength: float, out: Path) -> bytes:
    """The photograph's file with that much of the change, in the format of the ending of ``out``; of 16 bits if it has them."""
    made = proposal.picture(strength) if photograph.deep is None else proposal.levels(strength, of=fine_srgb(photograph))
    return encode_photograph(photograph, proposal.photo, _grey(made) if photograph.extras.is_grey else made, out)


def _grey(made: np.ndarray) -> np.ndarray:
    """The mean of the channels in each of them: a grey photograph stays one."""
    mean = made.mean(axis=2, keepdims=True, dtype=np.float32)
    return np.repeat(mean if made.dtype == np.float32 else np.rint(mean).astype(np.uint8), 3, axis=2)


def read_pair(photo: Path, mask: Path, *, max_megapixels: int = MEGAPIXELS) -> Given:
    """A composite photograph and its mask."""
    pixels = max_megapixels * 1_000_000
    return Given(read_photograph(photo, most_pixels=pixels), read_mask(mask, most_pixels=pixels), photo, mask, mask)


def read_cut_out(cut_out: Path, background: Path, placement: Placement, *, max_megapixels: int = MEGAPIXELS) -> Given:
    """A cut-out laid on a photograph; its transparency is the mask."""
    pixels = max_megapixels * 1_000_000
    laid, below = (read_photograph(path, most_pixels=pixels) for path in (cut_out, background))
    photograph, matte = composed(laid, below, placement, name=str(cut_out))
    return Given(photograph, matte, background, cut_out)


def read_detected(photo: Path, *, detector: Detector, harmonizer: Harmonizer, max_megapixels: int = MEGAPIXELS) -> tuple[Given, Findings]:
    """A photograph, and as its mask what was found wrong in it; amounts are what this harmonizer would change."""
    photograph = read_photograph(photo, most_pixels=max_megapixels * 1_000_000)
    rgb = srgb_of(photograph, name=str(photo))
    found = found_in(rgb, photograph.alpha, name=str(photo), detector=detector, harmonizer=harmonizer)
    return Given(photograph, found.mask, photo, photo), found


def write_untouched(given: Given, out: Path) -> None:
    """Writes a photograph as strength 0 does, for which there need be no mask."""
    photograph, name = given.photograph, str(given.photo)
    expect_room(photograph, out, name=name)
    seen = srgb_of(photograph, name=name)
    write_bytes(out, encode_photograph(photograph, seen, seen, out))


def doubt_of(given: Given) -> str | None:
    """The line about a mask that is probably inverted; what was asked is done all the same. None of any other mask."""
    line = inverted_line(given.matte, name=given.mask.name)
    return None if line is None else f"{line}; see harmonize doctor, or --direction background / invert it"


def unsure_of(done: Done) -> str | None:
    """The line about a change of which no improvement is expected; None of any other, and where nothing was to be changed."""
    trust = done.proposal.said.trust
    if done.strength == 0 or trust is None or done.proposal.is_trusted:
        return None
    made = f"the model is not sure that this is better, and made {100 * trust:.0f} % of its change"
    return f"{made}; look at the mask and the result, take another --model, or leave it as it was by --cautious"


def _expect_pair(given: Given, region: np.ndarray) -> None:
    """``check_pair``, in whose messages the files are named."""
    photograph, photo, mask = given.photograph, given.photo, given.mask
    height, width = photograph.colours.shape[:2]
    came = region.shape[1], region.shape[0]
    if came == photograph.size != (width, height):
        turned = f"its EXIF orientation ({photograph.orientation}) turns it to {width}x{height}, as viewers show it"
        raise InputError(
            f"{mask}: {came[0]}x{came[1]} pixels, as {photo} is stored, but {turned}; expected a mask of that; turn it likewise"
        )
    try:
        check_pair(photograph.colours, region)
    except InputError as error:
        note = "" if given.mask_file is None or came == (width, height) else turned_note(given.mask_file, name=str(mask))
        raise InputError(f"{mask}: {error}{note}") from error
