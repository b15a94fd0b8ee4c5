"""Where the networks run: which device, and how many of the processor's threads."""

import os

import torch

from imharmony.errors import InputError
from imharmony.running.ranks import ranks
from pipeline.params.file import Params


def device_of(params: Params) -> torch.device:
    """The device of ``machine.device``, with the profile's threads."""
    set_threads(params)
    return pick_device(params.machine.device)


def gpus_of(device: torch.device) -> tuple[str, ...]:
    """The GPUs here by their names in ``CUDA_VISIBLE_DEVICES``, for processes that own one each; none where networks take the processor."""
    if device.type != "cuda":
        return ()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return tuple(visible.split(",")) if visible else tuple(map(str, range(torch.cuda.device_count())))


def set_threads(params: Params) -> None:
    """Gives torch as many of the processor's threads as the profile says, because the last bits of sums depend on their number."""
    if params.active.threads:
        torch.set_num_threads(params.active.threads)


def pick_device(name: str) -> torch.device:
    """The device of ``machine.device``: ``auto`` takes a GPU if there is one; of processes side by side each has its own."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("machine.device is 'cuda', but torch finds no GPU here; set it to auto or cpu")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    here, gpus = ranks(), torch.cuda.device_count()
    if here.local_count > gpus:
        raise InputError(
            f"{here.local_count} processes share {gpus} GPUs here; start as many per host as it has, or set machine.device: cpu"
        )
    return torch.device("cuda") if here.count == 1 else torch.device("cuda", here.local_rank)
