"""Learning rates over a training: factors of the initial rate, as functions of the fraction of epochs that is done."""

from collections.abc import Callable, Sequence

Schedule = Callable[[float], float]
ROUNDING = 1e-9


def constant(*, at: Sequence[float] = (), factor: float = 1.0) -> Schedule:  # noqa: ARG001
    """The initial rate throughout."""
    return lambda _done: 1.0


def step(*, at: Sequence[float], factor: float) -> Schedule:
    """The rate times ``factor`` each time one of the fractions ``at`` is done."""
    return lambda done: factor ** sum(done >= fraction - ROUNDING for fraction in at)


SCHEDULES: dict[str, Callable[..., Schedule]] = {"constant": constant, "step": step}
