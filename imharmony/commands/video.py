"""``harmonize video IN --mask MASKS``: a film and its masks in, the harmonized film out. A run that was killed goes on where it ended."""

import argparse
import json
import logging
import time
from pathlib import Path

from imharmony.commands.parsing import MODELS, Parser, add_device, add_strength, expect_bounds, path_of
from imharmony.commands.photo import DIRECTIONS
from imharmony.harmonizing.film_files import COPIED, FORMATS
from imharmony.harmonizing.offers import MEGAPIXELS, STARTER
from imharmony.harmonizing.video import SMOOTHS, Filmed, harmonize_video

EXAMPLES = """examples:
  harmonize video anna.mp4 --mask anna_mask.mp4
  harmonize video frames --mask masks -o harmonized        folders; masks have the names of frames
  harmonize video anna.mp4 --mask mask.png -o anna.avi     one mask for all frames; .avi is without loss"""
WAYS = {"both-ways": "smoothed both ways", "exponential": "smoothed", "none": "not smoothed"}

log = logging.getLogger(__name__)


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    options = _parser().parse_args(arguments)
    begin = time.perf_counter()
    expect_bounds(max_megapixels=options.max_megapixels, strength=options.strength)
    done = harmonize_video(
        options.film,
        options.mask,
        options.output,
        model=options.model,
        strength=options.strength,
        direction=options.direction,
        cautious=options.cautious,
        smooth=options.smooth,
        frame_rate=options.frame_rate,
        device=options.device,
        max_megapixels=options.max_megapixels,
        progress=True,
    )
    for line in doubts(done, options.mask, options.direction):
        log.warning(line)
    return _report(done, options, seconds=time.perf_counter() - begin), 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="harmonize video",
        description="Fits the colours of a pasted object to the film that it was pasted into, without flicker.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("film", type=path_of, metavar="IN", help="a video's file, or a folder of its frames")
    white = "white where the pasted object is: a video's file, a folder of pictures, or one picture for all frames; same size"
    parser.add_argument("--mask", type=path_of, metavar="MASKS", required=True, help=white)
    written = f"where to write: a file ({', '.join(FORMATS)}) of a file, a folder of a folder; by default beside IN, as IN_harmonized"
    parser.add_argument("-o", "--output", type=path_of, metavar="OUT", help=written)
    filtered = "how what the model says of frames is filtered over time; auto, the default, is both-ways where it can be"
    parser.add_argument("--smooth", choices=SMOOTHS, default="auto", help=filtered)
    rate = "frames a second, of a folder, or of a file that says it wrongly; a folder's are 25 if it is not given"
    parser.add_argument("--frame-rate", type=float, metavar="N", help=rate)
    parser.add_argument("--model", default=STARTER, help=MODELS)
    add_strength(parser)
    parser.add_argument("--direction", choices=DIRECTIONS, default="foreground", help="which part is to be changed")
    parser.add_argument("--cautious", action="store_true", help="leave the film as it is where no improvement is expected of it")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    add_device(parser)
    most = f"refuse larger frames; {MEGAPIXELS} if it is not given"
    parser.add_argument("--max-megapixels", type=int, default=MEGAPIXELS, metavar="N", help=most)
    return parser


def doubts(done: Filmed, mask: Path, direction: str) -> list[str]:
    """The lines about what was done and may be not what is wanted."""
    lines = []
    if direction == "foreground" and done.doubtful > (done.frames - done.empty) / 2:
        covered = f"{mask}: in {done.doubtful} of {done.frames} frames white covers the border and much of the picture: probably inverted"
        lines.append(f"{covered}; invert it, or --direction background")
    if direction == "background" and done.empty:
        lines.append(f"{mask}: black in {done.empty} of {done.frames} frames, which stay as they are: there the background will jump")
    if done.strength > 0 and done.is_unsure and done.trust is not None:
        made = f"the model is not sure that this is better, and made {100 * done.trust:.0f} % of its change in the mean"
        lines.append(f"{made}; look at the masks and the result, take another --model, or leave it as it was by --cautious")
    if done.sound not in (None, COPIED):
        lines.append(done.sound)
    return lines


def _report(done: Filmed, options: argparse.Namespace, *, seconds: float) -> str:
    """What is printed: the film, and how it was made."""
    if options.json:
        facts = {"output": str(done.out), "model": options.model, "strength": done.strength, "left_as_it_was": done.is_left}
        facts |= {"trust": done.trust, "frames": done.frames, "without_mask": done.empty, "frame_rate": done.frame_rate}
        facts |= {"smooth": done.smooth, "frame_by_frame": done.is_by_place, "sound": done.sound, "seconds": round(seconds, 3)}
        return json.dumps(facts, indent=1)
    if done.is_left:
        return f"{done.out}\nleft as it was: no improvement is expected"
    way = f"frame by frame: what {options.model} changes depends on the place" if done.is_by_place else WAYS[done.smooth]
    count = f"{done.frames} frames" + (f", {done.empty} of them without a mask" if done.empty else "")
    return f"{done.out}\n{count}, {way}"
