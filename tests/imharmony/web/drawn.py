"""Drawn pictures of about 200 pixels, and the page's server in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from tests.conftest import ROOT

WIDTH, HEIGHT = 220, 160
BOX = slice(50, 110), slice(70, 150)  # of the pasted object


class Drawn(NamedTuple):
    """Files of one composite."""

    photo: Path
    mask: Path
    cutout: Path


class Served(NamedTuple):
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    address: str  # ends in a slash
    said: list[str]  # on standard error, up to the address


def draw(folder: Path) -> Drawn:
    """A blue-grey scene with a reddish box, the box's mask, and a cut-out of a disc."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    scene = np.stack([40 + rows / 2, 60 + columns / 3, 110 + rows / 3], axis=-1)
    scene[BOX] = scene[BOX] * 0.3 + np.array([160, 80, 40])
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[BOX] = 255
    disc = np.zeros((60, 60), np.uint8)
    cv2.circle(disc, (30, 30), 24, 255, cv2.FILLED)
    colours = np.full((60, 60, 3), (190, 150, 60), np.uint8)
    colours[::7] -= 40
    drawn = Drawn(folder / "scene.png", folder / "mask.png", folder / "disc.png")
    write_bytes(drawn.photo, encode_png(np.rint(scene).astype(np.uint8)))
    write_bytes(drawn.mask, encode_png(mask))
    Image.fromarray(np.dstack([colours, disc])).save(drawn.cutout)
    return drawn


@contextmanager
def served(*options: str) -> Iterator[Served]:
    """The page in service, with the model reinhard and on any free port unless the options say otherwise."""
    code = "from imharmony.cli import main; main()"
    command = [sys.executable, "-c", code, "app", "--port", "0", "--model", "reinhard", *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said: list[str] = []
    try:
        assert process.stderr is not None
        while not (found := re.match(r"http://\S+/", said[-1] if said else "")):
            line = process.stderr.readline()
            assert line, said
            if not line.startswith("OPENCV: "):  # of what is fixed for equal bits, on processors that lack it
                said.append(line)
        yield Served(process, found[0], said)
    finally:
        process.kill()
        process.communicate()
