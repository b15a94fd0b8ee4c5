"""What is known of a published network's file: how its tensors are called, and how the network is used."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from torch import nn

from imharmony.networks.harmonizer import InferenceMode
from imharmony.published.sources import Source

Normalisation = Literal["imagenet", "signed", "unit"]  # of a picture in [0, 1]: ImageNet's mean and deviation, 2 x - 1, or none
SEEN_PX = 256  # by every published harmonizer


class Use(NamedTuple):
    """How a harmonizer is built and used: a generator of ours, whether its picture is pasted, and how its authors test it.

    Every one sees the picture and its mask at 256 px. With ``full_size`` the result is made at the photograph's own size; of the
    others the change is enlarged. The mask's range and the channels' order are what the authors' network takes: our generator takes what
    all of ours take and turns it into that.
    """

    generator: str
    width: int
    paste: bool
    inference_mode: InferenceMode = "eval"
    full_size: bool = False
    mask_range: tuple[float, float] = (0.0, 1.0)
    colour_order: Literal["RGB", "BGR"] = "RGB"
    size_px: int = SEEN_PX

    def architecture(self, inference_mode: InferenceMode | None = None) -> dict[str, Any]:
        """The arguments of ``build_harmonizer``; by itself in the mode that its authors test in."""
        return {
            "name": self.generator,
            "width": self.width,
            "size_px": self.size_px,
            "mask_input": True,
            "paste": self.paste,
            "inference_mode": inference_mode or self.inference_mode,
            "start": "published",
            "members": 1,
        }


class Published(NamedTuple):
    """A network whose weights its authors publish, built here in the very form of that file."""

    source: Source
    build: Callable[[], nn.Module]
    names: Mapping[str, str]  # of modules, ours -> theirs; what is not listed keeps its name below the nearest one that is
    normalisation: Normalisation  # of the pictures it was trained on
    key: str | None = None  # under which the file keeps its tensors; None: they are the file itself
    prefix: str = ""  # of all names in the file: "module." where it was saved from several GPUs
    twice: Mapping[str, str] = {}  # modules that the file has under a second name, theirs -> the second
    parts: tuple[str, ...] = ("",)  # what stands before the names of each of the source's files
    unused: tuple[str, ...] = ()  # modules that the file may have and the authors' program never runs


def authors_name(published: Published, ours: str) -> str:
    """The authors' name of a module or a tensor of our network, without the file's prefix."""
    parts = ours.split(".")
    for length in range(len(parts), 0, -1):
        if (theirs := published.names.get(".".join(parts[:length]))) is not None:
            return ".".join([theirs, *parts[length:]])
    return ours
