"""How weights start."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from imharmony.errors import InputError
from imharmony.networks.blocks import StartsAtZero


def _normal(weight: Tensor, generator: torch.Generator) -> None:
    """N(0, 0.02), as in pix2pix and report 000's code."""
    nn.init.normal_(weight, 0.0, 0.02, generator=generator)


def _xavier(weight: Tensor, generator: torch.Generator) -> None:
    """Uniform, variance 2 / (fan in + fan out) (Glorot & Bengio 2010), as in report 000's text."""
    nn.init.xavier_uniform_(weight, generator=generator)


def _small_xavier(weight: Tensor, generator: torch.Generator) -> None:
    """Normal, variance 0.02² · 2 / (fan in + fan out): what pix2pix's port and so report 002's code call xavier."""
    nn.init.xavier_normal_(weight, gain=0.02, generator=generator)


INITIALISATIONS: dict[str, Callable[[Tensor, torch.Generator], None]] = {
    "normal": _normal,
    "small_xavier": _small_xavier,
    "xavier": _xavier,
}


def initialise(network: nn.Module, *, name: str, generator: torch.Generator) -> None:
    """Draws the weights of all convolutions and linear layers in the order of the modules; biases start at 0, norms as identities.

    pix2pix starts the scales of its norms at N(1, 0.02); Keras, and so report 000's code, at 1.
    """
    if name not in INITIALISATIONS:
        raise InputError(f"init is {name!r}; expected one of {sorted(INITIALISATIONS)}")
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            INITIALISATIONS[name](_drawable(module), generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        if isinstance(module, StartsAtZero):  # what was drawn for it is lost, so that all other weights are those of the other start
            module.reset_parameters()


def _drawable(module: nn.Module) -> Tensor:
    """The weight that is learned: under a spectral norm the one that is seen is computed from it."""
    return module.get_parameter("parametrizations.weight.original" if parametrize.is_parametrized(module, "weight") else "weight")
