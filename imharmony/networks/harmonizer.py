"""What all harmonizers share: the mask channel, pasting back the background, and how they behave after training.

Images are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.networks import DISCRIMINATORS, GENERATORS, OF_MEMBERS
from imharmony.networks.blocks import Generator
from imharmony.networks.published import PUBLISHED_GENERATORS
from imharmony.running.randomness import torch_seed
from imharmony.storage.descriptions import LARGEST_PX, MULTIPLE_PX, SMALLEST_PX, WIDEST, Start

InferenceMode = Literal["eval", "train"]


class Harmonizer(nn.Module):
    """A composite and its mask to a harmonized picture, by any generator.

    ``inference_mode: train`` keeps batch statistics and dropout active after training, as report 000's code does, whose
    cost the report shows. Pictures are then taken one at a time with the dropout of a fixed seed, so that even this
    mode returns the same picture twice and whatever else is in the batch.
    """

    def __init__(self, network: Generator, *, mask_input: bool, paste: bool, inference_mode: InferenceMode) -> None:
        super().__init__()
        self.network = network
        self.mask_input = mask_input
        self.paste = paste
        self.inference_mode = inference_mode
        self._one_by_one = False

    def raw(self, composite: Tensor, mask: Tensor) -> Tensor:
        """The network's own picture, background included."""
        inputs = self._inputs(composite, mask)
        if not self._one_by_one:
            return self.network(inputs)
        return torch.cat([self._with_dropout(picture) for picture in inputs.split(1)])

    def maps(self, composite: Tensor, mask: Tensor) -> Tensor:
        """What the network does to each pixel, (B, C, H, W); enlarged, ``network.mapped`` does it to a photograph of any size."""
        inputs = self._inputs(composite, mask)
        with torch_seed(0, inputs.device) if self._one_by_one else nullcontext():
            return self.network.maps(inputs)

    def forward(self, composite: Tensor, mask: Tensor, *, sides: bool = False) -> Tensor | list[Tensor]:
        """The picture that the system stands for: ``raw``, with the composite's background pasted back if ``paste``.

        With ``sides`` a list of it and the network's other side outputs, which only some networks have.
        """
        outputs = self.network.outputs(self._inputs(composite, mask)) if sides else [self.raw(composite, mask)]
        pictures = [pasted(output, composite, mask) if self.paste else output for output in outputs]
        return pictures if sides else pictures[0]

    def train(self, mode: bool = True) -> Self:
        """Training (or, with False, plain evaluation); batch norms gather their running statistics."""
        self._one_by_one = False
        self._set_gathering(True)
        return super().train(mode)

    def infer(self) -> Self:
        """The mode in which this harmonizer is used. Nothing changes the module's state any more."""
        super().train(self.inference_mode == "train")
        self._one_by_one = self.inference_mode == "train"
        self._set_gathering(False)
        return self

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Inside the block a training goes on as always, but batch norms keep nothing of what they see."""
        self._set_gathering(False)
        try:
            yield
        finally:
            self._set_gathering(True)

    def _inputs(self, composite: Tensor, mask: Tensor) -> Tensor:
        _check_size(composite, multiple_px=2**self.network.depth)
        return torch.cat([composite, mask], 1) if self.mask_input else composite

    def _set_gathering(self, gathering: bool) -> None:
        # In training mode a batch norm that does not track uses the batch's statistics and leaves its buffers alone.
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.track_running_stats = gathering

    def _with_dropout(self, inputs: Tensor) -> Tensor:
        with torch_seed(0, inputs.device):
            return self.network(inputs)


def pasted(output: Tensor, composite: Tensor, mask: Tensor) -> Tensor:
    """The output inside the mask, the composite outside, blended where the mask is soft."""
    return output * mask + composite * (1 - mask)


def build_harmonizer(
    *,
    name: str,
    width: int,
    size_px: int,
    mask_input: bool,
    paste: bool,
    inference_mode: InferenceMode,
    start: Start = "published",
    members: int = 1,
) -> Harmonizer:
    """A harmonizer with a generator by name, for pictures of ``size_px`` squared."""
    if name not in GENERATORS and name not in PUBLISHED_GENERATORS:
        raise InputError(f"generator is {name!r}; expected one of {sorted([*GENERATORS, *PUBLISHED_GENERATORS])}")
    if size_px % MULTIPLE_PX or not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise InputError(f"size_px is {size_px}; expected a multiple of {MULTIPLE_PX} from {SMALLEST_PX} to {LARGEST_PX}")
    if not 1 <= width <= WIDEST:
        raise InputError(f"width is {width}; expected 1 to {WIDEST}")
    if members != 1 and name not in OF_MEMBERS:
        raise InputError(f"generator {name!r} got {members} members; expected 1; only {sorted(OF_MEMBERS)} can have more")
    several = {"members": members} if name in OF_MEMBERS else {}
    network = generator_of(name, in_channels=4 if mask_input else 3, width=width, size_px=size_px, start=start, **several)
    return Harmonizer(network, mask_input=mask_input, paste=paste, inference_mode=inference_mode)


def generator_of(name: str, **arguments: Any) -> Generator:
    """A generator by name, of this library's or in its authors' form, with the arguments of its factory."""
    factory = GENERATORS[name] if name in GENERATORS else PUBLISHED_GENERATORS[name]
    return factory(**arguments)


def build_discriminator(*, name: str, width: int, size_px: int, field_px: int | None = None) -> nn.Module:
    """A discriminator by name, for pictures of ``size_px`` squared; those of patches have a field of ``field_px``."""
    if name not in DISCRIMINATORS:
        raise InputError(f"discriminator is {name!r}; expected one of {sorted(DISCRIMINATORS)}")
    chosen, options = DISCRIMINATORS[name], {"size_px": size_px, "field_px": field_px}
    if ("field_px" in chosen.takes) != (field_px is not None):
        expected = "the size of its patches" if "field_px" in chosen.takes else "none, since it does not judge patches"
        raise InputError(f"discriminator {name!r} got field_px {field_px}; expected {expected}")
    return chosen.build(width=width, **{option: options[option] for option in chosen.takes})


def _check_size(composite: Tensor, *, multiple_px: int) -> None:
    height, width = composite.shape[2:]
    if height % multiple_px or width % multiple_px:
        raise InputError(f"the picture is {width} x {height} px; this network takes multiples of {multiple_px} px; resize it first")
