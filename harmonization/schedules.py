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


def linear(*, at: Sequence[float] = (), factor: float = 1.0) -> Schedule:  # noqa: ARG001
    """The initial rate up to the fraction ``at[0]`` (0 without one), then down a straight line that would reach 0 at the end."""
    start = at[0] if at else 0.0
    return lambda done: min(1.0, (1 - done) / (1 - start))


SCHEDULES: dict[str, Callable[..., Schedule]] = {"constant": constant, "step": step, "linear": linear}
