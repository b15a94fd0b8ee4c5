"""Learning rates over a training: factors of the initial rate, as functions of the fraction of epochs that is done."""

import math
from collections.abc import Callable, Sequence

Schedule = Callable[[float], float]
ROUNDING = 1e-9


def constant(*, at: Sequence[float] = (), factor: float = 1.0) -> Schedule:  # noqa: ARG001
    """The initial rate throughout."""
    return lambda _done: 1.0


def step(*, at: Sequence[float], factor: float) -> Schedule:
    """The rate times ``factor`` each time one of the fractions ``at`` is done."""
    return lambda done: factor ** sum(done >= fraction - ROUNDING for fraction in at)


def linear(*, at: Sequence[float] = (), factor: float = 1.0) -> Schedule:  # noqa: ARG001
    """The initial rate up to the fraction ``at[0]`` (0 without one), then down a straight line that would reach 0 at the end."""
    return lambda done: 1 - _fallen(done, at)


def cosine(*, at: Sequence[float] = (), factor: float = 1.0) -> Schedule:  # noqa: ARG001
    """The same down half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5 without restarts)."""
    return lambda done: 0.5 * (1 + math.cos(math.pi * _fallen(done, at)))


def _fallen(done: float, at: Sequence[float]) -> float:
    """How much of the way down is done: 0 up to ``at[0]``, 1 at the end."""
    start = at[0] if at else 0.0
    return max(0.0, (done - start) / (1 - start)) if start < 1 else 0.0


SCHEDULES: dict[str, Callable[..., Schedule]] = {"constant": constant, "step": step, "linear": linear, "cosine": cosine}
