"""What can be wrong, or good to know, of a mask, and of a mask beside its photograph."""

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.diagnosis import Case, Check, Finding
from imharmony.harmonizing.mask_numbers import fits_scaled, fits_turned, is_drawn, noise_share, stored_numbers, stray_colour_share
from imharmony.pictures.mask_files import VOID, read_mask
from imharmony.pictures.pairs import INSIDE, UNSEEN
from imharmony.pictures.polarity import coverage_of, inverted_line

SOLID, EMPTY = 239, 16  # levels: from here on white, up to here black, to anyone who drew it
MOSTLY_SOFT = 0.6  # of what is not black
LEAST_NOISE = 0.001  # of the picture
TINY = 0.001  # of the picture
SPECK, MANY_SPECKS = 0.0002, 30  # a part's share of the picture, and how many of them nobody draws
COUNTED_PX = 1 << 22  # parts of larger masks are counted on fewer pixels
WRITES = "--write MASK_OUT.png"


def same_file(case: Case) -> Finding | None:
    """One file as both."""
    if case.mask is None or case.mask.refusal is not None or case.photo.refusal is not None:
        return None
    photo, mask = case.photo.path, case.mask.path
    if not photo.samefile(mask) and (photo.stat().st_size != mask.stat().st_size or photo.read_bytes() != mask.read_bytes()):
        return None
    return Finding("wrong", "photograph and mask are the same file", "a mask says where the object is, a photograph does not", "name both")


def swapped(case: Case) -> Finding | None:
    """A mask in the photograph's place and a photograph in the mask's."""
    if case.mask is None or case.mask.refusal is not None or case.photograph is None or same_file(case) is not None:
        return None
    if case.matte is not None and is_drawn(case.matte):
        return None
    try:
        if not is_drawn(read_mask(case.photo.path, name=case.photo.name, most_pixels=case.most_pixels)):
            return None
    except InputError:
        return None
    what = f"{case.photo.name} looks like a mask and {case.mask.name} like a photograph"
    return Finding("wrong", what, "the photograph comes first", "swap the two names")


def stray_colours(case: Case) -> Finding | None:
    """A mask that would be grey, were it not for a few pixels."""
    share = None if case.mask is None or case.matte is not None else stray_colour_share(case.mask)
    if share is None or case.mask is None:
        return None
    what = f"{case.mask.name} is grey but for {100 * share:.2f} % of its pixels, which are coloured"
    return Finding("wrong", what, "it is taken for a picture in colours and refused", f"save it as grey, or let {WRITES} do it")


def unclear(case: Case) -> Finding | None:
    """Numbers that may mean anything, such as labels."""
    if case.mask is None or case.mask_refusal is None or case.mask.pixels > case.most_pixels:
        return None
    if any(check(case) for check in (same_file, swapped, stray_colours)):
        return None
    what, _, do = case.mask_refusal.partition("; ")
    return Finding("wrong", what, "nobody can tell where the object is, so it is refused", do)


def other_size(case: Case) -> Finding | None:
    """A mask of another size than the photograph: as stored, scaled, turned, or of another picture."""
    if case.mask is None or case.matte is None or case.photograph is None or case.photograph.colours.shape[:2] == case.matte.shape:
        return None
    ours, shown = (case.matte.shape[1], case.matte.shape[0]), case.photo.shown
    what = f"{case.mask.name} is {ours[0]}x{ours[1]} pixels, and {case.photo.name} {shown[0]}x{shown[1]}"
    why = "a mask of another size is refused, because it may be of another picture"
    if fits_turned(case):
        width, height = case.photo.size
        what = f"{what} once its EXIF orientation ({case.photo.orientation}) has turned it; it is stored as {width}x{height}"
        return Finding(
            "wrong", what, "the mask lies as the file is stored, not as viewers show it", f"turn it likewise, or let {WRITES} do it"
        )
    if fits_scaled(ours, shown):
        return Finding("wrong", f"{what}, of the same form", why, f"resize it, or let {WRITES} do it")
    if fits_scaled(ours[::-1], shown):
        return Finding("wrong", f"{what}: its sides are exchanged", "it is turned, and nobody can tell which way", "turn it by 90 degrees")
    return Finding("wrong", f"{what}, of another form", why, "take the mask that was drawn on this picture; a cropped one does not fit")


def empty(case: Case) -> Finding | None:
    """Black everywhere."""
    if case.matte is None or case.matte.max() > UNSEEN:
        return None
    do = "draw white where the pasted object is, and look whether this is the right file"
    return Finding("wrong", f"{case.mask_name} is black everywhere", "nothing would be changed", do)


def full(case: Case) -> Finding | None:
    """White everywhere."""
    if case.matte is None or case.matte.min() < VOID - UNSEEN or case.mask is None:
        return None
    do = "draw black where the background is, and look whether this is the right file"
    return Finding("wrong", f"{case.mask_name} is white everywhere", "there is nothing that the object could be fitted to", do)


def inverted(case: Case) -> Finding | None:
    """White around the object."""
    line = None if case.mask is None or case.matte is None or full(case) else inverted_line(case.matte, name=case.mask.name)
    if line is None:
        return None
    do = f"invert it, or let {WRITES} do it; if all around is to be changed, add --direction background to a mask of the object"
    return Finding("doubt", line, "white is what is changed, so the background would be and the object not", do)


def touches_all_sides(case: Case) -> Finding | None:
    """An object that reaches every side."""
    if not _is_telling(case) or case.matte is None or inverted(case) is not None:
        return None
    inside = case.matte >= INSIDE
    if not all(side.any() for side in (inside[0], inside[-1], inside[:, 0], inside[:, -1])):
        return None
    why = "little is left around it that its colours could be fitted to"
    return Finding("note", f"{case.mask_name} touches all four sides", why, "look whether white is the object")


def soft_everywhere(case: Case) -> Finding | None:
    """Greys without a solid part: a depth map, a heat map, or a matte of something else."""
    if not _is_telling(case) or case.matte is None:
        return None
    drawn = int(np.count_nonzero(case.matte > EMPTY))
    soft = int(np.count_nonzero((case.matte > EMPTY) & (case.matte < SOLID)))
    if drawn == 0 or soft < MOSTLY_SOFT * drawn:
        return None
    what = f"{case.mask_name} is grey in {100 * soft / drawn:.0f} % of what is not black"
    why = "grey is a soft edge and takes only a part of the change; this looks like a depth map, or a matte without a solid part"
    return Finding("doubt", what, why, "give a mask that is white on the object")


def tiny(case: Case) -> Finding | None:
    """Next to nothing."""
    if not _is_telling(case) or case.matte is None:
        return None
    area = coverage_of(case.matte).area
    if area >= TINY:
        return None
    why = "models see the picture small, and of this next to nothing"
    return Finding(
        "doubt", f"{case.mask_name} is white in {100 * area:.2g} % of the picture", why, "look whether all of the object is white"
    )


def specks(case: Case) -> Finding | None:
    """Many small parts."""
    if not _is_telling(case) or case.matte is None:
        return None
    step = max(round((case.matte.size / COUNTED_PX) ** 0.5), 1)
    inside = (case.matte[::step, ::step] >= INSIDE).astype(np.uint8)
    areas = cv2.connectedComponentsWithStats(inside, connectivity=8)[2][1:, cv2.CC_STAT_AREA]
    count = int((areas <= max(SPECK * inside.size, 1)).sum())
    if count < MANY_SPECKS:
        return None
    why = "they are changed too, and their colours count as the object's"
    return Finding("doubt", f"{case.mask_name} has {count} specks beside the object", why, "remove them, if they are not meant")


def jpeg_noise(case: Case) -> Finding | None:
    """A mask that was saved as JPEG."""
    if case.mask is None or case.mask.kind != "JPEG" or not _is_telling(case) or case.matte is None:
        return None
    share = noise_share(case.matte)
    if share < LEAST_NOISE:
        return None
    what = f"{case.mask.name} is a JPEG, with noise near black and near white in {100 * share:.1f} % of its pixels"
    return Finding("doubt", what, "some of the background is changed a little", f"save masks as PNG, or let {WRITES} clean it")


def zeros_and_ones(case: Case) -> Finding | None:
    """A mask of 0 and 1."""
    if case.mask is None or case.matte is None or case.mask.mode in {"1", "P", "PA"} or stored_numbers(case.mask) != (0, 1):
        return None
    what = f"{case.mask.name} has the values 0 and 1"
    return Finding(
        "note",
        what,
        "it is read as 0 and 255, though viewers show it black",
        f"nothing needs to be done; {WRITES} makes one that can be seen",
    )


def labels(case: Case) -> Finding | None:
    """A palette of labels."""
    if case.mask is None or case.matte is None or case.mask.mode not in {"P", "PA"} or not np.isin(case.matte, (0, VOID)).all():
        return None
    used = [number for number in stored_numbers(case.mask) if number not in {0, VOID}]
    what = f"{case.mask.name} has a palette"
    if len(used) <= 1:
        return Finding("note", what, "it is read as labels: 0 is the background, the other the object", "nothing needs to be done")
    why = "all of them but 0 count as the object"
    return Finding("doubt", f"{what} with {len(used)} labels: {_listed(used)}", why, "if one is meant, save it as 255 and the others as 0")


def _is_telling(case: Case) -> bool:
    """Whether there is a mask with something and without everything."""
    return case.matte is not None and empty(case) is None and case.matte.min() < VOID - UNSEEN


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (", ..." if len(numbers) > 8 else "")


MASK_CHECKS: tuple[Check, ...] = (
    same_file,
    swapped,
    stray_colours,
    unclear,
    other_size,
    empty,
    full,
    inverted,
    touches_all_sides,
    soft_everywhere,
    tiny,
    specks,
    jpeg_noise,
    zeros_and_ones,
    labels,
)
