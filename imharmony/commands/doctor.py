"""``harmonize doctor PHOTO MASK``: what is wrong with them, before anything is harmonized.

Exit code 0: nothing to mend; 1: something; 2: a file cannot be read.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from imharmony.commands.parsing import Parser, expect_bounds, path_of, with_places
from imharmony.errors import USER_ERROR, InputError
from imharmony.harmonizing.diagnosis import Case, Finding, case_of, examined
from imharmony.harmonizing.machine import machine_facts, machine_findings, machine_lines
from imharmony.harmonizing.mask_checks import MASK_CHECKS
from imharmony.harmonizing.mending import mended
from imharmony.harmonizing.offers import MEGAPIXELS
from imharmony.harmonizing.photo_checks import PHOTO_CHECKS, facts_of, memory_needed
from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from imharmony.storage.places import expect_place

ORDER = {"wrong": 0, "doubt": 1, "note": 2}


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong options."""
    options = _parser().parse_args(with_places(arguments))
    _expect_sense(options)
    case = case_of(options.photo, options.mask, options.background, most_pixels=options.max_megapixels * 1_000_000)
    facts = machine_facts()
    largest = max(look.pixels for look in case.looks)
    findings = examined(case, PHOTO_CHECKS) + examined(case, MASK_CHECKS) + machine_findings(facts, needed=memory_needed(largest))
    findings.sort(key=lambda finding: ORDER[finding.severity])
    verdict, code = _verdict(case, findings)
    written = _write(case, options.write) if options.write is not None and code != USER_ERROR else None
    if options.json:
        return _as_json(case, facts, findings, verdict, written), code
    lines = [facts_of(look) for look in case.looks] + machine_lines(facts)
    lines += ["", *(finding.line for finding in findings)] if findings else [""]
    return "\n".join([*lines, *([written["line"]] if written else []), f"verdict: {verdict}"]), code


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="harmonize doctor", description="Says what is wrong with a photograph and its mask, why it matters and what to do."
    )
    parser.add_argument("photo", type=path_of, help="the composite photograph, or a cut-out that is transparent around the object")
    parser.add_argument("mask", type=path_of, nargs="?", help="its mask; left out for a cut-out")
    parser.add_argument("--background", type=path_of, metavar="PHOTO", help="what the cut-out is to be laid on")
    words = "write the mask mended, as PNG: inverted, turned, resized, cleaned; only what is safe"
    parser.add_argument("--write", type=path_of, metavar="MASK_OUT", help=words)
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    parser.add_argument("--max-megapixels", type=int, default=MEGAPIXELS, metavar="N", help=f"as of harmonize; {MEGAPIXELS} if not given")
    return parser


def _expect_sense(options: argparse.Namespace) -> None:
    expect_bounds(max_megapixels=options.max_megapixels)
    if options.background is not None and options.mask is not None:
        raise InputError(f"{options.mask}: a mask beside --background; the cut-out's transparency is the mask; leave one of them out")
    if options.write is None:
        return
    if options.mask is None:
        raise InputError(f"--write {options.write}: no mask that could be mended; expected one; name it after the photograph")
    if options.write.suffix.lower() != ".png":
        raise InputError(f"--write {options.write}: a mask must stay as it is; expected a name that ends in .png")
    expect_place(options.write, inputs=[options.photo, options.mask])


def _verdict(case: Case, findings: list[Finding]) -> tuple[str, int]:
    counts = {severity: sum(finding.severity == severity for finding in findings) for severity in ORDER}
    if not case.is_readable:
        return "harmonize cannot read what it was given", USER_ERROR
    if counts["wrong"]:
        return f"harmonize would refuse this; {counts['wrong'] + counts['doubt']} to mend", 1
    if counts["doubt"]:
        return f"harmonize would do it, but perhaps not what is meant; {counts['doubt']} to look at", 1
    return "nothing to mend", 0


def _write(case: Case, path: Path) -> dict[str, Any]:
    """Writes the mended mask, if it can be mended; what to say of it."""
    try:
        mask, done = mended(case)
    except InputError as error:
        return {"path": None, "done": [], "line": f"not written: {error}"}
    write_bytes(path, encode_png(mask, level=6))
    return {"path": str(path), "done": done, "line": f"written: {path} ({', '.join(done)})"}


def _as_json(case: Case, facts: dict[str, Any], findings: list[Finding], verdict: str, written: dict[str, Any] | None) -> str:
    files = [
        {"path": str(look.path), "kind": look.kind, "mode": look.mode, "size": look.size, "shown": look.shown}
        | {"orientation": look.orientation, "has_16_bits": look.is_deep, "has_profile": look.profile is not None, "refusal": look.refusal}
        for look in case.looks
    ]
    found = [finding._asdict() for finding in findings]
    return json.dumps({"verdict": verdict, "findings": found, "files": files, "machine": facts, "written": written}, indent=1)
