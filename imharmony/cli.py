"""The ``harmonize`` command: one composite photograph and its mask in, the harmonized photograph out.

``harmonize dataset`` exports, imports, checks and shows data sets of composites; ``harmonize score`` scores any method's pictures;
Packages beside the library add commands of their own: ``harmonize study`` asks people for their opinion of pictures.
"""

import argparse
import sys
from importlib.metadata import entry_points
from io import TextIOWrapper
from pathlib import Path

from imharmony.checkpoint import load_harmonizer
from imharmony.composing.composites import to_harmonize
from imharmony.datasets import cli as dataset_cli
from imharmony.errors import exit_code_of
from imharmony.evaluation import cli as score_cli
from imharmony.inference import check_pair, harmonize
from imharmony.intrinsic.recipe import preprocessor, recipe_of
from imharmony.pictures.images import encoder_for, read_mask, read_rgb
from imharmony.storage.files import write_bytes

COMMANDS = {"dataset": dataset_cli.run, "score": score_cli.run}
ADDED = "imharmony.commands"  # entry points: (arguments) -> what to print, exit code


def main() -> None:
    """Parses the command line, does it, prints the result. Exit code 2 and one line on wrong input."""
    if code := exit_code_of(_run):
        sys.exit(code)


def _run() -> int:
    name, *rest = sys.argv[1:] or [""]
    commands = COMMANDS | {entry.name: entry.load() for entry in entry_points(group=ADDED, name=name)}
    text, code = commands[name](rest) if name in commands else _harmonize(sys.argv[1:])
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # names of files need not be valid UTF-8
    print(text, flush=True)
    return code


def _harmonize(arguments: list[str]) -> tuple[str, int]:
    parser = argparse.ArgumentParser(prog="harmonize", description=__doc__)
    parser.add_argument("photo", type=Path, help="the composite photograph")
    parser.add_argument("mask", type=Path, help="white (or opaque) where the pasted object is; same size")
    parser.add_argument("out", type=Path, help="where to write: .png or .jpg")
    harmonized = "which part is to be changed, the pasted object or all around it"
    parser.add_argument("--direction", choices=("foreground", "background"), default="foreground", help=harmonized)
    parser.add_argument("--model", type=Path, required=True, help="model.safetensors of a training run")
    networks = "model.safetensors of the preprocessing's networks, for models that were trained on what they make of composites"
    parser.add_argument("--intrinsic", type=Path, help=networks)
    options = parser.parse_args(arguments)
    run(**vars(options))
    return str(options.out), 0


def run(*, photo: Path, mask: Path, out: Path, model: Path, direction: str = "foreground", intrinsic: Path | None = None) -> None:
    """Loads, preprocesses where the model was trained on preprocessed pictures, harmonizes and saves."""
    encode = encoder_for(out)
    harmonizer, metadata = load_harmonizer(model)
    recipe = recipe_of(metadata, name=str(model), networks=intrinsic)
    picture, matte = read_rgb(photo), read_mask(mask)
    region = to_harmonize(matte, direction)
    check_pair(picture, region)
    if recipe is not None:
        picture = preprocessor(recipe)(picture, matte, direction).image
    write_bytes(out, encode(harmonize(picture, region, harmonizer=harmonizer, size_px=int(metadata["size_px"]))))
