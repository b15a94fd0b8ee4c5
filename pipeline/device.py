"""Which device the networks run on."""

import torch

from harmonization.errors import InputError


def pick_device(name: str) -> torch.device:
    """The device of ``machine.device``: ``auto`` takes the first GPU if there is one."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("machine.device is 'cuda', but torch finds no GPU here; set it to auto or cpu")
    use_gpu = name == "cuda" or (name == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if use_gpu else "cpu")
