"""``harmonize portrait PHOTO --background PHOTO``: a person cut out without a trimap, laid on another photograph, harmonized."""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from imharmony.commands.parsing import MODELS, Parser, add_strength, expect_bounds, path_of, with_places
from imharmony.commands.photo import point
from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.cutout import Placement
from imharmony.harmonizing.offers import CLASSICAL, MEGAPIXELS, STARTER
from imharmony.harmonizing.photo_file import harmonize_file
from imharmony.harmonizing.portrait_file import laid_on, read_portrait, write_cutout
from imharmony.pictures.photo_files import Photograph
from imharmony.pictures.saving import default_output, expect_ending
from imharmony.storage.places import expect_place

EXAMPLES = """examples:
  harmonize portrait anna.jpg --background beach.jpg
  harmonize portrait anna.jpg --background beach.jpg --at 420,80 --scale 0.6 -o anna_at_the_beach.jpg
  harmonize portrait anna.jpg --matte-only                                  writes anna_cutout.png
  harmonize portrait anna.jpg --matte anna_cutout.png --background beach.jpg   by the cut-out that you mended"""


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    options = _parser().parse_args(with_places(arguments))
    begin = time.perf_counter()
    _expect_sense(options)
    out = options.output or _default_output(options)
    inputs = [each for each in (options.photo, options.background, options.trimap, options.matte, options.network) if each is not None]
    inputs += [Path(options.model)] if options.model not in (STARTER, *CLASSICAL) else []
    expect_ending(out)
    expect_place(out, inputs=inputs)
    harmonizer = None if options.matte_only else Harmonizer.load(options.model, device=options.device)
    cutout = read_portrait(
        options.photo,
        network=options.network,
        trimap=options.trimap,
        matte=options.matte,
        refine=options.refine,
        max_megapixels=options.max_megapixels,
    )
    facts: dict[str, object] = {"output": str(out), "person": round(_share(cutout), 4)}
    if harmonizer is None:
        write_cutout(cutout, out, name=str(options.photo))
    else:
        placement = None if options.at is None else Placement(options.at, 1.0 if options.scale is None else options.scale)
        given = laid_on(cutout, options.photo, options.background, placement, scale=options.scale, max_megapixels=options.max_megapixels)
        done = harmonize_file(harmonizer, given, out, strength=options.strength)
        explanation = done.proposal.explanation(done.strength)
        facts |= {"model": options.model, "strength": done.strength, "change": asdict(explanation) | {"words": explanation.words}}
    if not options.json:
        return str(out), 0
    return json.dumps(facts | {"seconds": round(time.perf_counter() - begin, 3)}, indent=1), 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="harmonize portrait",
        description="Cuts a person out of a photograph, lays it on another one and fits its colours to that. Needs no mask and no trimap.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photo", type=path_of, help="the portrait")
    parser.add_argument("--background", type=path_of, metavar="PHOTO", help="the photograph that the person is laid on")
    written = "where to write; by default beside the background, as PHOTO_harmonized and the background's ending"
    parser.add_argument("-o", "--output", type=path_of, metavar="OUT", help=written)
    only = "write the cut-out alone, a transparent .png; by default beside the portrait, as PHOTO_cutout.png"
    parser.add_argument("--matte-only", action="store_true", help=only)
    known = "what is known: 0 background, 255 person, 128 to be decided; same size"
    parser.add_argument("--trimap", type=path_of, metavar="FILE", help=known)
    parser.add_argument(
        "--matte", type=path_of, metavar="FILE", help="a cut-out of this portrait, whose alpha is taken as it is; same size"
    )
    corner = "where the portrait's left upper corner lies; by default it stands in the middle of the lower edge"
    parser.add_argument("--at", type=point, metavar="X,Y", help=corner)
    sides = "what the portrait's sides are multiplied by; by default as large as fits, with --at 1"
    parser.add_argument("--scale", type=float, metavar="S", help=sides)
    parser.add_argument("--model", default=STARTER, help=f"what fits the colours: {MODELS}")
    add_strength(parser)
    cutter = "a file .onnx or .safetensors that cuts people out; by default one in the package, or, where that has none, a trimap alone"
    parser.add_argument("--network", type=path_of, metavar="FILE", help=cutter)
    slower = "make alpha near the outline anew in closed form; slower, needs the extra `matting`"
    parser.add_argument("--refine", action="store_true", help=slower)
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    parser.add_argument("--device", default="cpu", help="for --model: cpu (the default), or one that torch has")
    most = f"as of harmonize; {MEGAPIXELS} if not given"
    parser.add_argument("--max-megapixels", type=int, default=MEGAPIXELS, metavar="N", help=most)
    return parser


def _expect_sense(options: argparse.Namespace) -> None:
    """Options that contradict each other, or lack what they need."""
    if options.background is None and not options.matte_only:
        raise InputError(
            f"{options.photo}: no background; expected --background with the photograph to lay it on, or --matte-only; add one"
        )
    if options.background is not None and options.matte_only:
        raise InputError(f"{options.background}: a background beside --matte-only; expected one of the two; leave the other out")
    if options.matte_only and (options.at is not None or options.scale is not None):
        raise InputError("--at and --scale place a person on a background; expected --background with them; leave them out")
    for name in ("trimap", "network"):
        if options.matte is not None and getattr(options, name) is not None:
            came = f"{getattr(options, name)}: beside --matte, which says all of alpha"
            raise InputError(f"{came}; expected one of --matte and --{name}; leave the other out")
    if options.matte is not None and options.refine:
        raise InputError(f"{options.matte}: --refine beside --matte, which is taken as it is; expected one of the two; leave one out")
    if options.matte_only and options.output is not None and options.output.suffix.lower() in {".jpg", ".jpeg"}:
        raise InputError(f"{options.output}: a JPEG cannot be transparent; expected a .png to write; name {options.output.stem}.png")
    expect_bounds(max_megapixels=options.max_megapixels, strength=options.strength)


def _default_output(options: argparse.Namespace) -> Path:
    if options.matte_only:
        if not options.photo.name:
            raise InputError(f"{options.photo}: a folder; expected the file of an image; name one")
        return options.photo.with_name(f"{options.photo.stem}_cutout.png")
    return default_output(options.background, stem=options.photo.stem)


def _share(cutout: Photograph) -> float:
    """How much of the portrait's frame is the person."""
    return 0.0 if cutout.alpha is None else float(np.mean(cutout.alpha, dtype=np.float64) / 255)
