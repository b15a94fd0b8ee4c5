"""``harmonize detect PHOTO``: which parts of a photograph look wrong, in words and as pictures; nothing is changed."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from imharmony.commands.parsing import DETECTOR_HELP, Parser, expect_bounds, path_of
from imharmony.errors import InputError
from imharmony.harmonizing.detection import Finding, found_in
from imharmony.harmonizing.detectors import load_detector
from imharmony.harmonizing.heat_map import heat_map
from imharmony.harmonizing.offers import MEGAPIXELS
from imharmony.pictures.images import encode_png
from imharmony.pictures.photo_files import read_photograph, srgb_of
from imharmony.storage.files import write_bytes
from imharmony.storage.places import expect_place

ENDING = ".png"


class Places(NamedTuple):
    """Where the two pictures go."""

    heat: Path
    mask: Path
    is_named: bool  # by the user, file by file: what is there is replaced


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code, which is 0 also where nothing is found; raises ``InputError`` on wrong input."""
    options = _parser().parse_args(arguments)
    expect_bounds(max_megapixels=options.max_megapixels)
    places = _places(options.photo, options.output)
    inputs = [options.photo, *([options.detector] if options.detector is not None else [])]
    expect_place(places.heat, inputs=inputs)
    expect_place(places.mask, inputs=inputs)
    detector = load_detector(options.detector)
    name = str(options.photo)
    photograph = read_photograph(options.photo, most_pixels=options.max_megapixels * 1_000_000)
    rgb = srgb_of(photograph, name=name)
    found = found_in(rgb, photograph.alpha, name=name, detector=detector)
    mask = encode_png(found.mask) if found.findings else None
    if mask is not None and not places.is_named:
        _expect_no_other(places.mask, mask)
    write_bytes(places.heat, encode_png(heat_map(rgb, found.probabilities)))
    if mask is not None:
        write_bytes(places.mask, mask)
    written = [places.heat, *([places.mask] if mask is not None else [])]
    if not options.json:
        return "\n".join([found.words, *map(str, written)]), 0
    facts = {"photo": name, "words": found.words, "everywhere": found.is_everywhere, "findings": found_facts(found.findings)}
    return json.dumps(facts | {"heat_map": str(places.heat), "mask": None if mask is None else str(places.mask)}, indent=1), 0


def found_facts(findings: list[Finding]) -> list[dict[str, Any]]:
    """Findings for JSON."""
    return [
        {"kind": each.kind, "place": each.place, "box": each.box, "share": round(each.share, 4), "stops": round(each.stops, 3)}
        | {"sentence": each.sentence, "change": asdict(each.change)}
        for each in findings
    ]


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="harmonize detect",
        description="Says which parts of a photograph look too dark, too bright or of another colour, and by how much. Needs no mask.",
        epilog="It does not know what a part shows. harmonize PHOTO --detect corrects what is found.",
    )
    parser.add_argument("photo", type=path_of, help="the photograph")
    written = "a folder, or the name of a .png for the heat map, beside which NAME_mask.png goes; by default both lie beside the photograph"
    parser.add_argument("-o", "--output", type=path_of, metavar="OUT", help=written)
    parser.add_argument("--detector", type=path_of, metavar="FILE", help=DETECTOR_HELP)
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    parser.add_argument("--max-megapixels", type=int, default=MEGAPIXELS, metavar="N", help=f"as of harmonize; {MEGAPIXELS} if not given")
    return parser


def _places(photo: Path, output: Path | None) -> Places:
    if not photo.name:
        raise InputError(f"{photo}: a folder; expected the file of an image; name one")
    if output is not None and output.suffix.lower() == ENDING and not output.is_dir():
        return Places(output, output.with_name(f"{output.stem}_mask{ENDING}"), True)
    if output is not None and output.suffix and not output.is_dir():
        raise InputError(f"{output}: cannot write {output.suffix!r}; expected a folder, or a name that ends in {ENDING}")
    folder = photo.parent if output is None else output
    return Places(folder / f"{photo.stem}_detected{ENDING}", folder / f"{photo.stem}_mask{ENDING}", False)


def _expect_no_other(path: Path, mask: bytes) -> None:
    """By that name ``harmonize folder`` finds a photograph's mask: one that somebody drew would be lost."""
    if path.is_file() and path.read_bytes() != mask:
        advice = "remove it, or name another place with -o"
        raise InputError(f"{path}: is there already, and may be a mask that somebody made; expected no such file; {advice}")
