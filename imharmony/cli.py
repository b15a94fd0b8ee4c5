"""The ``harmonize`` command: one composite photograph and its mask in, the harmonized photograph out.

``harmonize dataset`` exports, imports, checks and shows data sets of composites; ``harmonize score`` scores any method's pictures, and
with ``--realism`` composites that have no truth.
Packages beside the library add commands of their own: ``harmonize study`` asks people for their opinion of pictures.
"""

import argparse
import sys
from contextlib import nullcontext
from importlib.metadata import entry_points
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from imharmony.checkpoint import load_harmonizer
from imharmony.composing.composites import to_harmonize
from imharmony.datasets import cli as dataset_cli
from imharmony.errors import InputError, exit_code_of
from imharmony.evaluation import cli as score_cli
from imharmony.inference import check_pair, harmonize
from imharmony.intrinsic.recipe import preprocessor, recipe_of
from imharmony.pictures.images import encode_like, encoder_for
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.opening import turned_note
from imharmony.pictures.photo_files import Photograph, is_opaque, read_photograph, srgb_of
from imharmony.pictures.visible import filled, in_own_colours
from imharmony.realism import cli as realism_cli
from imharmony.storage.files import write_bytes
from imharmony.storage.places import expect_place

ADDED = "imharmony.commands"  # entry points: (arguments) -> what to print, exit code
STARTER = files("imharmony").joinpath("starter", "model.safetensors")  # docs/starter.md
MEGAPIXELS = 250  # of a photograph: phones take up to 200
MOST_MEGAPIXELS = 1000  # about as many as the libraries below decode and encode


def main() -> None:
    """Parses the command line, does it, prints the result. Exit code 2 and one line on wrong input."""
    if code := exit_code_of(_run):
        sys.exit(code)


def _run() -> int:
    name, *rest = sys.argv[1:] or [""]
    commands = COMMANDS | {entry.name: entry.load() for entry in entry_points(group=ADDED, name=name)}
    text, code = commands[name](rest) if name in commands else _harmonize(sys.argv[1:])
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)  # names of files need not be text
    return code


def _score(arguments: list[str]) -> tuple[str, int]:
    return realism_cli.run(arguments) if realism_cli.is_asked_for(arguments) else score_cli.run(arguments)


COMMANDS = {"dataset": dataset_cli.run, "score": _score}


def _harmonize(arguments: list[str]) -> tuple[str, int]:
    parser = argparse.ArgumentParser(prog="harmonize", description=__doc__)
    parser.add_argument("photo", type=Path, help="the composite photograph")
    parser.add_argument("mask", type=Path, help="white (or opaque) where the pasted object is; same size")
    parser.add_argument("out", type=Path, help="where to write: .png or .jpg")
    harmonized = "which part is to be changed, the pasted object or all around it"
    parser.add_argument("--direction", choices=("foreground", "background"), default="foreground", help=harmonized)
    weights = "model.safetensors of a training run; the one that comes with the package if it is not given"
    parser.add_argument("--model", type=Path, help=weights)
    networks = "model.safetensors of the preprocessing's networks, for models that were trained on what they make of composites"
    parser.add_argument("--intrinsic", type=Path, help=networks)
    most = f"refuse larger pictures before they are decoded; up to {MOST_MEGAPIXELS}, {MEGAPIXELS} if it is not given"
    parser.add_argument("--max-megapixels", type=int, default=MEGAPIXELS, metavar="N", help=most)
    options = vars(parser.parse_args(arguments))
    model = options.pop("model")
    with as_file(STARTER) if model is None else nullcontext(model) as chosen:
        run(model=chosen, **options)
    return str(options["out"]), 0


def run(
    *,
    photo: Path,
    mask: Path,
    out: Path,
    model: Path,
    direction: str = "foreground",
    intrinsic: Path | None = None,
    max_megapixels: int = MEGAPIXELS,
) -> None:
    """Loads, preprocesses where the model was trained on preprocessed pictures, harmonizes and saves.

    The photograph keeps its alpha and its colour profile; the networks see its visible pixels in sRGB.
    """
    encoder_for(out)
    expect_place(out, inputs=[each for each in (photo, mask, model, intrinsic) if each is not None])
    if not 1 <= max_megapixels <= MOST_MEGAPIXELS:
        raise InputError(f"--max-megapixels {max_megapixels}: expected 1 to {MOST_MEGAPIXELS}")
    harmonizer, metadata = load_harmonizer(model)
    recipe = recipe_of(metadata, name=str(model), networks=intrinsic)
    photograph = read_photograph(photo, most_pixels=max_megapixels * 1_000_000)
    matte = read_mask(mask, most_pixels=max_megapixels * 1_000_000)
    if out.suffix.lower() != ".png" and not is_opaque(photograph):
        raise InputError(f"{photo}: transparent in parts, which {out.suffix} cannot be; expected a .png to write; name {out.stem}.png")
    region = to_harmonize(matte, direction)
    _expect_pair(photograph, region, photo=photo, mask=mask)
    seen = filled(srgb_of(photograph, name=str(photo)), photograph.alpha, region, name=str(photo))
    picture = seen if recipe is None else preprocessor(recipe)(seen, matte, direction).image
    harmonized = harmonize(picture, region, harmonizer=harmonizer, size_px=int(metadata["size_px"]))
    write_bytes(out, encode_like(in_own_colours(photograph, seen, harmonized), photograph, out))


def _expect_pair(photograph: Photograph, region: np.ndarray, *, photo: Path, mask: Path) -> None:
    """``check_pair``, in whose messages the files are named."""
    height, width = photograph.colours.shape[:2]
    came = region.shape[1], region.shape[0]
    if came == photograph.size != (width, height):
        turned = f"its EXIF orientation ({photograph.orientation}) turns it to {width}x{height}, as viewers show it"
        raise InputError(
            f"{mask}: {came[0]}x{came[1]} pixels, as {photo} is stored, but {turned}; expected a mask of that; turn it likewise"
        )
    try:
        check_pair(photograph.colours, region)
    except InputError as error:
        note = turned_note(mask, name=str(mask)) if came != (width, height) else ""
        raise InputError(f"{mask}: {error}{note}") from error
