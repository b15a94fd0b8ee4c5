"""``harmonize PHOTO MASK``: one composite photograph and its mask in, the harmonized photograph out.

``harmonize CUTOUT --background PHOTO`` lays a cut-out on a photograph first; its transparency is the mask. ``harmonize PHOTO --detect``
looks for what is wrong itself.
"""

import argparse
import time
from typing import get_args

from imharmony.commands.parsing import DETECTOR_HELP, MODELS, Parser, add_device, add_strength, expect_bounds, path_of, with_places
from imharmony.errors import InputError
from imharmony.harmonizing.offers import MEGAPIXELS, MOST_MEGAPIXELS, STARTER, Direction

DIRECTIONS = get_args(Direction)


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    begin = time.perf_counter()
    options = _parser().parse_args(with_places(arguments))
    _expect_sense(options)
    from imharmony.commands.photo_work import harmonize  # what reads pictures; whoever asks for --help or mistypes waits for none of it

    return harmonize(options, begin=begin)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="harmonize",
        description="Fits the colours of a pasted object to the photograph that it was pasted into.",
        epilog="Other commands: harmonize detect, portrait, folder, video, doctor, models, app, dataset, score, study; each has --help.",
    )
    parser.add_argument(
        "photo", type=path_of, help="the composite photograph; with --background a cut-out that is transparent around the object"
    )
    parser.add_argument("mask", type=path_of, nargs="?", help="white (or opaque) where the pasted object is; same size")
    parser.add_argument("old_output", type=path_of, nargs="?", help=argparse.SUPPRESS)
    written = "where to write; by default beside the photograph, as photo_harmonized and its own ending"
    parser.add_argument("-o", "--output", type=path_of, metavar="OUT", help=written)
    found = "without a mask: find what looks wrong and correct that; where nothing is found, nothing is changed"
    parser.add_argument("--detect", action="store_true", help=found)
    parser.add_argument("--detector", type=path_of, metavar="FILE", help=f"for --detect: {DETECTOR_HELP}")
    parser.add_argument("--background", type=path_of, metavar="PHOTO", help="the photograph that the cut-out is laid on first")
    parser.add_argument("--at", type=point, metavar="X,Y", help="where the cut-out's left upper corner lies; by default it is centred")
    parser.add_argument("--scale", type=float, metavar="S", help="what the cut-out's sides are multiplied by; by default 1")
    parser.add_argument("--model", default=STARTER, help=MODELS)
    add_strength(parser)
    harmonized = "which part is to be changed, the pasted object or all around it"
    parser.add_argument("--direction", choices=DIRECTIONS, default="foreground", help=harmonized)
    parser.add_argument("--cautious", action="store_true", help="leave the photograph as it is where no improvement is expected")
    words = "say in words what was changed, and write OUT_before_after.jpg, small"
    parser.add_argument("--explain", action="store_true", help=words)
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    add_device(parser)
    networks = "model.safetensors of the preprocessing's networks, for models that were trained on what they make of composites"
    parser.add_argument("--intrinsic", type=path_of, metavar="FILE", help=networks)
    most = f"refuse larger pictures before they are decoded; up to {MOST_MEGAPIXELS}, {MEGAPIXELS} if it is not given"
    parser.add_argument("--max-megapixels", type=int, default=MEGAPIXELS, metavar="N", help=most)
    return parser


def point(text: str) -> tuple[int, int]:
    x, comma, y = text.partition(",")
    if not comma:
        raise argparse.ArgumentTypeError(f"{text!r}; expected X,Y in pixels, such as 120,40")
    try:
        return int(x), int(y)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}; expected two whole numbers of pixels, such as 120,40") from error


def _expect_sense(options: argparse.Namespace) -> None:
    """Options that contradict each other, or lack what they need."""
    if options.detect and (options.mask is not None or options.background is not None):
        came = f"{options.mask}: a mask" if options.mask is not None else f"{options.background}: a background"
        raise InputError(f"{came} beside --detect, which finds what is wrong without a mask; expected one of the two; leave the other out")
    if options.detector is not None and not options.detect:
        raise InputError(f"--detector {options.detector}: nothing is to be found; expected --detect with it; add that, or leave it out")
    if not options.detect and options.background is None and options.mask is None:
        advice = "name it (harmonize PHOTO MASK), let it be found (--detect), or lay a cut-out on a photograph (CUTOUT --background PHOTO)"
        raise InputError(f"{options.photo}: no mask; expected one that is white where the pasted object is; {advice}")
    if options.background is not None and options.mask is not None:
        raise InputError(f"{options.mask}: a mask beside --background; the cut-out's transparency is the mask; leave one of them out")
    if options.background is None and (options.at is not None or options.scale is not None):
        raise InputError("--at and --scale place a cut-out; expected --background with the photograph that it is laid on")
    if options.old_output is not None and options.output is not None:
        raise InputError(f"{options.old_output}: a second place to write beside -o {options.output}; expected one; leave the first out")
    expect_bounds(max_megapixels=options.max_megapixels, strength=options.strength)
