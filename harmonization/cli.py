"""The ``harmonize`` command: one composite photograph and its mask in, the harmonized photograph out."""

import argparse
import sys
from pathlib import Path

from harmonization.checkpoint import load_harmonizer
from harmonization.errors import InputError
from harmonization.files import write_bytes
from harmonization.images import encode_jpeg, encode_png, read_mask, read_rgb
from harmonization.inference import harmonize

ENCODERS = {".png": encode_png, ".jpg": encode_jpeg, ".jpeg": encode_jpeg}


def main() -> None:
    """Parses the command line, harmonizes, writes. Exit code 2 and one line on wrong input."""
    parser = argparse.ArgumentParser(prog="harmonize", description=__doc__)
    parser.add_argument("photo", type=Path, help="the composite photograph")
    parser.add_argument("mask", type=Path, help="white (or opaque) where the pasted object is; same size")
    parser.add_argument("out", type=Path, help="where to write: .png or .jpg")
    parser.add_argument("--model", type=Path, required=True, help="model.safetensors of a training run")
    arguments = parser.parse_args()
    try:
        run(photo=arguments.photo, mask=arguments.mask, out=arguments.out, model=arguments.model)
    except InputError as error:
        sys.exit(_fail(error))
    print(arguments.out)


def run(*, photo: Path, mask: Path, out: Path, model: Path) -> None:
    """Loads, harmonizes and saves."""
    encode = ENCODERS.get(out.suffix.lower())
    if encode is None:
        raise InputError(f"{out}: cannot write {out.suffix or 'a file without an ending'!r}; expected one of {sorted(ENCODERS)}")
    harmonizer, metadata = load_harmonizer(model)
    result = harmonize(read_rgb(photo), read_mask(mask), harmonizer=harmonizer, size_px=int(metadata["size_px"]))
    write_bytes(out, encode(result))


def _fail(error: InputError) -> int:
    sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
    return 2
