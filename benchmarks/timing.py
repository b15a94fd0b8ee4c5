"""Rates of several routes to the same result, measured in turn in one process."""

import statistics
import time
from collections.abc import Callable

Route = Callable[[], int]  # does its work and returns how many results it made


def compare(routes: dict[str, Route], *, rounds: int) -> None:
    """Prints each route's rate and its ratio to the first one: medians over rounds in which every route runs once.

    Every route runs once before the rounds. CPU is the time of this process, which a busy machine does not stretch.
    """
    cpu, wall = _in_turn(routes, rounds)
    first = next(iter(routes))
    print(f"{'route':<58}{'ms cpu':>8}{'per s':>8}{'x cpu':>8}{'x wall':>8}")
    for name in routes:
        ratios = [statistics.median(a / b for a, b in zip(times[first], times[name], strict=True)) for times in (cpu, wall)]
        each = statistics.median(cpu[name])
        print(f"{name:<58}{1e3 * each:>8.2f}{1 / each:>8.0f}{ratios[0]:>8.1f}{ratios[1]:>8.1f}")


def cpu_seconds(routes: dict[str, Route], *, rounds: int) -> dict[str, list[float]]:
    """The seconds of each route's results in each round, by the process's own time."""
    return _in_turn(routes, rounds)[0]


def _in_turn(routes: dict[str, Route], rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    for route in routes.values():
        route()
    cpu: dict[str, list[float]] = {name: [] for name in routes}
    wall: dict[str, list[float]] = {name: [] for name in routes}
    for _ in range(rounds):
        for name, route in routes.items():
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            made = route()
            cpu[name].append((time.process_time() - cpu_start) / made)
            wall[name].append((time.perf_counter() - wall_start) / made)
    return cpu, wall
