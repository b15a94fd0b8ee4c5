"""The networks whose authors publish weights, as Markdown tables, for the documentation."""

import torch

from imharmony.networks.harmonizer import build_harmonizer
from imharmony.published import HARMONIZERS, MATTING
from imharmony.published.harmonizers import USES
from imharmony.published.record import Use
from imharmony.published.sources import Source

HEAD = ("`--as`", "paper", "file, and where its authors keep it", "licence", "commercial use")
REPORTED_HEAD = ("`--as`", "MSE", "PSNR, dB", "protocol")
USES_HEAD = ("`--as`", "`name`", "`width`", "`paste`", "`inference_mode`", "`training.size_px`")
NONE = "\N{EN DASH}"


def network_table() -> tuple[list[str], list[list[str]]]:
    """The header and a row for each published network: whose it is, where its file lies and under which terms."""
    return list(HEAD), [[_name(name), source.paper, _place(source), *_terms(source)] for name, source in (HARMONIZERS | MATTING).items()]


def reported_table() -> tuple[list[str], list[list[str]]]:
    """The header and a row for each published harmonizer that has a score: what its authors report, and how they took it."""
    body = []
    for name, source in HARMONIZERS.items():
        if (told := source.reported) is not None:
            body.append([f"`{name}`", NONE if told.mse is None else f"{told.mse:.2f}", f"{told.psnr_db:.2f}", told.protocol])
    return list(REPORTED_HEAD), body


def uses_table() -> tuple[list[str], list[list[str]]]:
    """The header and a row for each published harmonizer: the ``generator`` of a variant that begins with it."""
    body = []
    for name, use in USES.items():
        said = ["true" if use.paste else "false", use.inference_mode, f"{use.size_px}" if depends_on_size(use) else "any"]
        body.append([f"`{name}`", f"`{use.generator}`", str(use.width), *said])
    return list(USES_HEAD), body


def depends_on_size(use: Use) -> bool:
    """Whether another ``size_px`` makes a network with other tensors."""
    whole = use.architecture()
    with torch.device("meta"):
        networks = [build_harmonizer(**whole), build_harmonizer(**{**whole, "size_px": use.size_px // 2})]
    shapes = [{name: tensor.shape for name, tensor in network.state_dict().items()} for network in networks]
    return shapes[0] != shapes[1]


def _name(name: str) -> str:
    return f"`{name}`" if name in HARMONIZERS else f"`{name}` (matting)"


def _place(source: Source) -> str:
    files = " and ".join(f"`{file}`" for file in source.files)
    return f"{files}: {source.place} ([{source.repository.removeprefix('https://github.com/')}]({source.repository}) @ {source.commit})"


def _terms(source: Source) -> list[str]:
    return [source.licence, source.commercial_use]
