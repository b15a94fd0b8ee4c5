"""How a network of ours is compared with its authors' program: the same weights and picture give the same numbers, inside and at the end.

Weights and picture are those of ``drawing``; what the programs gave is in ``golden``, whose maker says what is kept.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from imharmony.published.record import Published, authors_name
from tests.imharmony.published.drawing import drawn

GOLDEN = Path(__file__).parent / "golden"
ROUNDINGS = 20  # times what float32 itself is off, another order of sums may be
STAGES_OFF = 1e-5  # of a stage's deviation, as may be its mean and deviation
FEW = 1e-5  # of an output's deviation: where rounding happened to be smaller than that
TRIMMED = (".layers", ".block", ".convs", ".0", ".1")  # of our names where only the module around it has that of the stage
SUMS_OFF = 1e-6  # of a tensor in float64, which may be added up in another order, or of a Gaussian's weights in float32
COUNTER = "num_batches_tracked"
SPECTRAL = ("weight_u", "weight_v")  # leading singular vectors, which are not drawn; their common sign is free
DRAWN_ONCE = cache(drawn)  # for networks that share most of their weights

Figures = tuple[float, float]  # mean and deviation
Calls = Mapping[str, list[Tensor]]  # what each inner module gave, by the authors' name, call by call and picture by picture


class Case(NamedTuple):
    """A network, how it is built, and what is run of it: the outputs by the names that they have in ``golden``."""

    published: Published
    run: Callable[[nn.Module], Mapping[str, Tensor]]
    build: Callable[[], nn.Module] | None = None  # None: as it is published
    shown: Mapping[str, Callable[[Tensor], Tensor]] = {}  # stages that end with more in the authors' program than in ours
    draw: Callable[[str, tuple[int, ...]], Tensor] = drawn
    unused: int = 0  # parameters of theirs that their program never uses, and ours does not have

    def built(self) -> nn.Module:
        """The network on ``meta``."""
        with torch.device("meta"):
            return (self.build or self.published.build)()


def golden(name: str) -> Mapping[str, np.ndarray]:
    with np.load(GOLDEN / f"{name}.npz") as file:
        return dict(file)


def lines(text: np.ndarray) -> list[str]:
    return str(text).splitlines()


def last_name(published: Published, theirs: str) -> str:
    """The name whose draw a tensor under two names has: the later one."""
    for module, second in published.twice.items():
        if theirs.startswith(f"{module}."):
            return second + theirs.removeprefix(module)
    return theirs


def with_drawn_weights(
    case: Case, wanted: Callable[[str], bool] = lambda _: True, *, kept: frozenset[str] = frozenset()
) -> tuple[nn.Module, dict[str, float]]:
    """The network with the weights of the rule, and the sum of each tensor by the authors' names; ``kept`` are the constructor's."""
    network, sums, weights = case.built(), {}, {}
    for ours, tensor in network.state_dict().items():
        theirs = authors_name(case.published, ours)
        name = last_name(case.published, theirs)
        if theirs in kept:
            weights[ours] = (case.build or case.published.build)().state_dict()[ours]
        elif not wanted(ours) or name.endswith(SPECTRAL):
            continue
        else:
            short = name
            for part in case.published.parts:
                short = short.removeprefix(part)
            weights[ours] = case.draw(short, tuple(tensor.shape))
        sums[theirs] = sums[name] = weights[ours].double().sum().item()
    for ours in [each for each in weights if each.endswith("parametrizations.weight.original")]:
        for own, vector in zip(("0._u", "0._v"), leading(authors_name(case.published, ours), weights[ours]), strict=True):
            weights[ours.removesuffix("original") + own] = vector
    network.load_state_dict(weights, assign=True, strict=False)
    return network.eval(), sums


LEADING: dict[str, tuple[Tensor, Tensor]] = {}


def leading(name: str, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The leading singular vectors of a kernel's matrix, by its Gram matrix; once for each name."""
    if name not in LEADING:
        matrix = weights.double().flatten(1)
        left = torch.linalg.eigh(matrix @ matrix.T).eigenvectors[:, -1]
        right = matrix.T @ left
        LEADING[name] = left.float(), (right / right.norm()).float()
    return LEADING[name]


@contextmanager
def outputs_of(case: Case, network: nn.Module) -> Iterator[Calls]:
    """What each inner module returns; of several things the first."""
    seen: dict[str, list[Tensor]] = defaultdict(list)

    def keep(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _arguments: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]) -> None:
            while not isinstance(output, Tensor):
                output = output[0]
            seen[name].extend(output.split(1))

        return hook

    handles = []
    for ours, module in network.named_modules():
        name = last_name(case.published, authors_name(case.published, ours))
        for part in case.published.parts:
            name = name.removeprefix(part)
        handles.append(module.register_forward_hook(keep(name)))
    yield seen
    for handle in handles:
        handle.remove()


def expect_stages(case: Case, seen: Calls, given: Mapping[str, np.ndarray], *, of: Callable[[str], bool] = lambda _: True) -> int:
    """How many stages were compared: each has the mean and the deviation that the authors' program gave."""
    compared = 0
    for stage, (mean, deviation) in zip(lines(given["stages"]), given["stage_figures"], strict=True):
        name, _, call = stage.partition("#")
        if of(name):
            calls = seen[name] or next(calls for end in TRIMMED if (calls := seen[name + end]))
            output = calls[min(int(call or 1), len(calls)) - 1].double()  # the authors' may be called again with the same picture
            output = case.shown.get(name, lambda same: same)(output)
            assert abs(output.mean().item() - mean) <= STAGES_OFF * deviation, stage
            assert abs(output.std(correction=0).item() - deviation) <= STAGES_OFF * deviation, stage
            compared += 1
    return compared


def expect_output(name: str, output: Tensor, given: Mapping[str, np.ndarray]) -> None:
    mean, deviation, lowest, highest = given[f"{name}_figures"]
    allowed = max(ROUNDINGS * given[f"{name}_rounding"].item(), FEW * max(deviation, abs(mean)))
    values = output
    if output.ndim == 4 and min(output.shape[2:]) >= 16:
        down, across = (length // 16 for length in output.shape[2:])
        values = output[..., ::down, ::across]
    np.testing.assert_allclose(values.reshape(given[name].shape).numpy(), given[name], rtol=0, atol=allowed)
    figures = [output.double().mean().item(), output.double().std(correction=0).item(), output.min().item(), output.max().item()]
    np.testing.assert_allclose(figures, [mean, deviation, lowest, highest], rtol=0, atol=allowed)


@torch.no_grad()
def expect_parity(name: str, case: Case) -> None:
    """Names, shapes, sums of the tensors, all outputs and all stages are the authors'."""
    given = golden(name)
    network, sums = with_drawn_weights(case, kept=frozenset(lines(given["kept"])))
    named = dict(zip(lines(given["names"]), given["sums"], strict=True))
    ignored = tuple(f"{each}." for each in case.published.unused)
    wanted = {each: total for each, total in named.items() if not each.endswith(SPECTRAL) and not each.startswith(ignored)}
    counters = {each for each in sums if each.endswith(COUNTER) and each not in wanted}  # TensorFlow has none
    assert {each: total for each, total in sums.items() if each not in counters} == pytest.approx(wanted, abs=SUMS_OFF)
    with outputs_of(case, network) as seen:
        outputs = case.run(network)
    for output, values in outputs.items():
        expect_output(output, values, given)
    assert {each.removesuffix("_figures") for each in given if each.endswith("_figures") and each != "stage_figures"} == outputs.keys()
    assert expect_stages(case, seen, given) == len(given["stage_figures"])
