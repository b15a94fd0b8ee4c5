"""What ``harmonize PHOTO MASK`` does once its arguments make sense."""

import argparse
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path

from imharmony.commands.detect import found_facts
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.cutout import Placement
from imharmony.harmonizing.detection import Findings
from imharmony.harmonizing.detectors import load_detector
from imharmony.harmonizing.offers import CLASSICAL, STARTER
from imharmony.harmonizing.photo_file import (
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

log = logging.getLogger(__name__)


def harmonize(options: argparse.Namespace, *, begin: float) -> tuple[str, int]:
    """What to print, and the exit code; ``begin`` is when the command began, as ``time.perf_counter`` has it."""
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
