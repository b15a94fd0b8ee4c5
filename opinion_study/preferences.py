"""Strengths of methods from choices between two of them (Bradley & Terry 1952).

Method i is chosen over j with the probability 1 / (1 + exp(s_j - s_i)); the strengths s have the mean 0.
"""

import numpy as np
from scipy.sparse.csgraph import connected_components

TOLERANCE = 1e-9
MOST_ITERATIONS = 100_000
TIE = 0.5  # of a win each way that every pair is given, so that who always wins has a finite strength


def strengths(wins: np.ndarray, *, tie: float = 0.0) -> np.ndarray:
    """Maximum likelihood strengths (..., M) of wins (..., M, M), how often the row was chosen over the column.

    By the MM algorithm of Hunter (2004). ``tie`` of a win is added each way to every pair. Without it the likelihood has a maximum only
    where there is a way along wins from every method to every other; else a ``ValueError`` is raised.
    """
    methods = wins.shape[-1]
    batch = wins.reshape(-1, methods, methods) + tie * (1 - np.eye(methods))
    for one in batch if tie == 0 else []:
        parts, _ = connected_components(one > 0, directed=True, connection="strong")
        if parts > 1:
            raise ValueError("some methods were never chosen over some others; expected wins both ways, or tie > 0")
    return _climbed(batch).reshape(wins.shape[:-1])


def _climbed(wins: np.ndarray) -> np.ndarray:
    """Each step divides a method's wins by what its comparisons would give at strength one."""
    won, met = wins.sum(-1), wins + wins.transpose(0, 2, 1)
    logs = np.zeros(won.shape)
    moving = np.arange(len(wins))
    for _ in range(MOST_ITERATIONS):
        power = np.exp(logs[moving])
        new = np.log(won[moving]) - np.log((met[moving] / (power[:, :, None] + power[:, None, :])).sum(-1))
        new -= new.mean(-1, keepdims=True)
        moved = np.abs(new - logs[moving]).max(-1)
        logs[moving] = new
        moving = moving[moved > TOLERANCE]
        if not len(moving):
            return logs
    raise ValueError(f"strengths still move after {MOST_ITERATIONS} steps; expected wins that are not all but one-sided; raise `tie`")
