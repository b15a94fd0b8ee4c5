"""What can be wrong, or good to know, of a photograph's file and of a cut-out's."""

import numpy as np
from PIL import Image

from imharmony.harmonizing.diagnosis import Case, Check, Finding, Look
from imharmony.pictures.pairs import INSIDE
from imharmony.pictures.photo_files import is_opaque
from imharmony.pictures.profiles import BrokenProfileError, means_srgb, profile_name, space_of

LARGE_PX = 50_000_000  # from here on memory and time are worth a word
# Of one run with a classical method, roughly: what a photograph's pixel costs, beside what the program itself takes.
BYTES_A_PIXEL, BYTES_AT_LEAST, SECONDS_A_MEGAPIXEL = 45, 600_000_000, 0.5
AT_ONCE = "nothing needs to be done"


def unreadable(case: Case) -> Finding | None:
    """A file that cannot be opened or decoded."""
    refusals = [each.refusal for each in case.looks if each.refusal is not None]
    if case.refusal is not None and case.photo.pixels <= case.most_pixels:
        refusals.append(case.refusal)
    return _refused(refusals[0], "nothing can be harmonized without it") if refusals else None


def too_large(case: Case) -> Finding | None:
    """More pixels than are taken, or so many that they need memory and time."""
    largest = max(case.looks, key=lambda look: look.pixels)
    megapixels = largest.pixels / 1e6
    if largest.pixels > case.most_pixels:
        why = "it is refused before it is decoded, because it may be a trap"
        return Finding("wrong", f"{largest.name} has {megapixels:.0f} megapixels", why, f"add --max-megapixels {megapixels + 1:.0f}")
    if largest.pixels < LARGE_PX:
        return None
    expected = memory_needed(largest.pixels) / 1e9
    why = f"this needs about {expected:.1f} GB of memory and {SECONDS_A_MEGAPIXEL * megapixels:.0f} seconds"
    return Finding("note", f"{largest.name} has {megapixels:.0f} megapixels", why, "close other programs if memory is short")


def memory_needed(pixels: int) -> int:
    """Bytes of memory that ``harmonize`` needs for a photograph of so many pixels, roughly."""
    return BYTES_AT_LEAST + BYTES_A_PIXEL * pixels


def turned(case: Case) -> Finding | None:
    """A photograph that EXIF turns by 180 degrees or mirrors: by size alone no mask can be told to be as stored."""
    orientation = case.photo.orientation
    width, height = case.photo.size
    if orientation == 1 or (orientation in range(5, 9) and width != height):
        return None
    what = f"{case.photo.name} is turned by its EXIF orientation ({orientation}), which leaves its size as it is"
    return Finding(
        "note", what, "a mask drawn on the picture as stored would lie elsewhere", "look whether the mask is upright as viewers show it"
    )


def colour_profile(case: Case) -> Finding | None:
    """Which profile there is, and what becomes of it."""
    profile = case.photo.profile
    if profile is None or case.photo.mode == "CMYK":
        return None
    name = case.photo.name
    try:
        space, title = space_of(profile), profile_name(profile)
        if space == "RGB" and means_srgb(profile):
            return None
    except BrokenProfileError as error:
        why = "it is not used, and the colours are taken for sRGB"
        return Finding("doubt", f"{name}: its colour profile is damaged ({error})", why, "assign the right profile in an editor")
    if space == "RGB":
        why = "the model sees sRGB; its change is brought back, and the profile is kept"
        return Finding("note", f"{name} is under the colour profile {title!r}", why, AT_ONCE)
    return Finding("note", f"{name} is under a profile of {space}, {title!r}", "the result is sRGB", AT_ONCE)


def cmyk(case: Case) -> Finding | None:
    """Colours for print."""
    if case.photo.mode != "CMYK":
        return None
    way = "by its profile" if case.photo.profile is not None else "by rule of thumb, because it has no profile"
    do = "convert it to RGB in an editor, where its look can be judged"
    return Finding("doubt", f"{case.photo.name} has CMYK colours, for print", f"they become RGB {way}, and the result is RGB", do)


def grey(case: Case) -> Finding | None:
    """A photograph without colours."""
    if case.photograph is None:
        return None
    low, high = (way(case.photograph.colours, axis=2) for way in (np.min, np.max))
    if not np.array_equal(low, high):
        return None
    what = f"{case.photo.name} is grey everywhere"
    if case.photograph.extras.is_grey:
        return Finding("note", what, "models were trained on colours; what they make of it is written grey", "look at the result")
    why = "models were trained on colours; of a grey object they may make a tinted one"
    return Finding("note", what, why, "save it as a grey picture, which stays one, or look at the result")


def deep(case: Case) -> Finding | None:
    """More than 8 bits a channel."""
    if not case.photo.is_deep:
        return None
    return Finding("note", f"{case.photo.name} has 16 bits a channel", "the model sees them rounded to 8", AT_ONCE)


def opaque_alpha(case: Case) -> Finding | None:
    """An alpha channel that says nothing."""
    photograph = case.photograph
    if photograph is None or photograph.alpha is None or not is_opaque(photograph) or case.mask is None:
        return None
    return Finding("note", f"{case.photo.name} has an alpha channel that is opaque everywhere", "it is kept", AT_ONCE)


def transparent(case: Case) -> Finding | None:
    """Parts of a photograph that cannot be seen, beside a mask."""
    photograph = case.photograph
    if photograph is None or photograph.alpha is None or is_opaque(photograph) or case.mask is None:
        return None
    hidden, matte = photograph.alpha == 0, case.matte
    what = f"{case.photo.name} is transparent in {100 * float((photograph.alpha < 250).mean()):.1f} % of its pixels"
    if matte is not None and matte.shape == hidden.shape:
        inside = matte >= INSIDE
        for side, words in ((inside, "the object"), (~inside, "the background")):
            if side.any() and not (side & ~hidden).any():
                do = "give the composite, or if this is a cut-out, leave the mask out and add --background PHOTO"
                return Finding("wrong", f"{what}, and nothing of {words} can be seen", "it is refused", do)
    return Finding(
        "note", what, "what cannot be seen plays no part and is written as it came", "write a .png, a JPEG cannot be transparent"
    )


def cut_out(case: Case) -> Finding | None:
    """A cut-out, with what it is laid on or without."""
    photograph, background = case.photograph, case.background
    if case.mask is not None or photograph is None:
        return None
    if photograph.alpha is None or is_opaque(photograph):
        do = "save it as PNG, WebP or TIFF with transparency, or give a composite and its mask"
        return Finding("wrong", f"{case.photo.name} has no transparency", "without a mask it says where the object is", do)
    if background is None:
        do = "add --background PHOTO, or give the composite and its mask"
        return Finding("wrong", f"{case.photo.name} is a cut-out alone", "there is nothing that its colours could be fitted to", do)
    if any(ours > theirs for ours, theirs in zip(case.photo.shown, background.shown, strict=True)):
        what = f"{case.photo.name} ({_by(case.photo)}) is larger than {background.name} ({_by(background)})"
        return Finding("doubt", what, "what hangs over the edge is cut off", "add --scale to make it smaller, and --at to place it")
    return None


def _by(look: Look) -> str:
    return f"{look.shown[0]}x{look.shown[1]}"


def _refused(line: str, why: str) -> Finding:
    """A refusal of ours, which says what came, what was expected and what to do."""
    what, _, do = line.partition("; ")
    return Finding("wrong", what, why, do or "replace the file")


def facts_of(look: Look) -> str:
    """A line about a file."""
    if look.refusal is not None:
        return f"{look.path}: cannot be read"
    turned_by = f", turned by EXIF ({look.orientation}) to {_by(look)}" if look.orientation != 1 else ""
    return f"{look.path}: {look.kind}, {look.size[0]}x{look.size[1]} pixels{turned_by}, {_channels(look)}"


def _channels(look: Look) -> str:
    try:
        return f"{'+'.join(Image.Image.getbands(Image.new(look.mode, (1, 1))))}, {16 if look.is_deep else 8} bits"
    except (ValueError, KeyError):
        return look.mode


PHOTO_CHECKS: tuple[Check, ...] = (
    unreadable,
    too_large,
    turned,
    colour_profile,
    cmyk,
    grey,
    deep,
    opaque_alpha,
    transparent,
    cut_out,
)
