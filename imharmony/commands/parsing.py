"""What all commands' parsers do alike: a wrong argument is one line, and a place may begin with a minus."""

import argparse
import re
from pathlib import Path
from typing import NoReturn

from imharmony.errors import InputError
from imharmony.harmonizing.offers import CLASSICAL, MOST_MEGAPIXELS, STARTER

MODELS = f"{STARTER} (the default, in the package), a file .safetensors or .onnx, or {', '.join(CLASSICAL)}"  # what --model takes
DETECTOR_HELP = "a file .onnx or .safetensors that finds what looks wrong; by default the one in the package"
PLACE = re.compile(r"-\d+,-?\d+")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are ``InputError``."""

    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
        raise InputError(f"{message}; see {self.prog} --help")


def with_places(arguments: list[str]) -> list[str]:
    """The arguments with ``--at -3,4`` as ``--at=-3,4``: what begins with a minus would be taken for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--at" and PLACE.fullmatch(argument):
            joined[-1] = f"--at={argument}"
        else:
            joined.append(argument)
    return joined


def expect_bounds(*, max_megapixels: int, strength: float = 1.0) -> None:
    """What is asked of numbers that several commands take."""
    if not 0 <= strength <= 1:
        raise InputError(f"--strength {strength:g}: expected 0 (untouched) to 1 (all of the change)")
    if not 1 <= max_megapixels <= MOST_MEGAPIXELS:
        raise InputError(f"--max-megapixels {max_megapixels}: expected 1 to {MOST_MEGAPIXELS}")


def path_of(text: str) -> Path:
    """A path that names something; of a variable that is not set nothing is left."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r}: no name of a file; expected one; check what it was to be")
    return Path(text)


def add_strength(parser: argparse.ArgumentParser) -> None:
    """``--strength``."""
    parser.add_argument("--strength", type=float, default=1.0, metavar="0..1", help="how much of the change; 1 if it is not given")


def add_device(parser: argparse.ArgumentParser) -> None:
    """``--device``."""
    parser.add_argument("--device", default="cpu", help="cpu (the default), or one that torch has: cuda, mps")
