"""``harmonize PHOTO MASK``: one composite photograph and its mask in, the harmonized photograph out.

``harmonize CUTOUT --background PHOTO`` lays a cut-out on a photograph first; its transparency is the mask. ``harmonize PHOTO --detect``
looks for what is wrong itself.
"""

import argparse
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from imharmony.commands.detect import DETECTOR_HELP, found_facts
from imharmony.commands.parsing import MODELS, Parser, add_device, add_strength, expect_bounds, path_of, with_places
from imharmony.errors import InputError
from imharmony.harmonizing.api import Direction, Harmonizer
from imharmony.harmonizing.cutout import Placement
from imharmony.harmonizing.detection import Findings
from imharmony.harmonizing.detectors import load_detector
from imharmony.harmonizing.models import CLASSICAL, STARTER
from imharmony.harmonizing.photo_file import (
    MEGAPIXELS,
    MOST_MEGAPIXELS,
    Done,
    Given,
    doubt_of,
    harmonize_file,
    read_cut_out,
    read_detected,
    read_pair,
    unsure_of,
    write_untouched,
)
from imharmony.harmonizing.sheet import before_after
from imharmony.pictures.saving import default_output, expect_ending
from imharmony.storage.files import write_bytes
from imharmony.storage.places import expect_place

DIRECTIONS = get_args(Direction)

log = logging.getLogger(__name__)


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    options = _parser().parse_args(with_places(arguments))
    begin = time.perf_counter()
    _expect_sense(options)
    out = options.output or options.old_output or default_output(options.background or options.photo, stem=options.photo.stem)
    named = (options.photo, options.mask, options.background, options.intrinsic, options.detector)
    inputs = [each for each in named if each is not None]
    inputs += [Path(options.model)] if options.model not in (STARTER, *CLASSICAL) else []
    _expect_outputs(out, options, inputs)
    harmonizer = Harmonizer.load(options.model, device=options.device, intrinsic=options.intrinsic)
    given, found = _given(options, harmonizer)
    if found is not None and not found.findings:
        write_untouched(given, out)
        return _untouched_report(out, found, options, seconds=time.perf_counter() - begin), 0
    done = harmonize_file(harmonizer, given, out, strength=options.strength, direction=options.direction, cautious=options.cautious)
    is_asked = options.direction == "foreground" and options.background is None and found is None
    for line in filter(None, (doubt_of(given) if is_asked else None, unsure_of(done))):
        log.warning(line)
    if options.old_output is not None:
        log.warning("harmonize PHOTO MASK OUT goes with the next release; write: harmonize PHOTO MASK -o OUT")
    return _report(done, found, options, seconds=time.perf_counter() - begin), 0


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


def _expect_outputs(out: Path, options: argparse.Namespace, inputs: list[Path]) -> None:
    expect_ending(out)
    expect_place(out, inputs=inputs)
    if options.explain:
        expect_place(_sheet_of(out), inputs=[*inputs, out])


def _given(options: argparse.Namespace, harmonizer: Harmonizer) -> tuple[Given, Findings | None]:
    """What is harmonized, and with --detect what was found."""
    if options.detect:
        detector = load_detector(options.detector)
        return read_detected(options.photo, detector=detector, harmonizer=harmonizer, max_megapixels=options.max_megapixels)
    if options.background is None:
        return read_pair(options.photo, options.mask, max_megapixels=options.max_megapixels), None
    placement = Placement(options.at, 1.0 if options.scale is None else options.scale)
    return read_cut_out(options.photo, options.background, placement, max_megapixels=options.max_megapixels), None


def _sheet_of(out: Path) -> Path:
    return out.with_name(f"{out.stem}_before_after.jpg")


def _untouched_report(out: Path, found: Findings, options: argparse.Namespace, *, seconds: float) -> str:
    """What is printed where nothing was to be changed."""
    if not options.json:
        return f"{out}\n{found.words}"
    facts = {"output": str(out), "model": options.model, "strength": 0.0, "left_as_it_was": True, "trust": None, "before_after": None}
    return json.dumps(facts | {"found": [], "words": found.words, "change": None, "seconds": round(seconds, 3)}, indent=1)


def _report(done: Done, found: Findings | None, options: argparse.Namespace, *, seconds: float) -> str:
    """What is printed: the file, and on request what was done."""
    explanation = None
    if options.explain or options.json:
        explanation = done.proposal.explanation(done.strength)
    if options.explain:
        write_bytes(_sheet_of(done.out), before_after(done.proposal.photo, done.proposal.picture(done.strength), done.proposal.region))
    if options.json and explanation is not None:
        trust = done.proposal.said.trust
        facts = {"output": str(done.out), "model": options.model, "strength": done.strength, "left_as_it_was": done.is_left, "trust": trust}
        facts |= {"before_after": str(_sheet_of(done.out)) if options.explain else None}
        facts |= {} if found is None else {"found": found_facts(found.findings), "words": found.words}
        return json.dumps(facts | {"change": asdict(explanation) | {"words": explanation.words}, "seconds": round(seconds, 3)}, indent=1)
    lines = [str(done.out), *([] if found is None else [found.words])]
    if done.is_left:
        lines.append("left as it was: no improvement is expected")
    if explanation is not None and not done.is_left:
        lines.append(explanation.words)
    return "\n".join(lines)
