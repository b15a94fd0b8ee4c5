"""Parameters of successive frames, filtered over time.

Parameters are floats (T, ...), a row for each frame. A row of NaN is a frame that has none: it plays no part, and time passes over it.
``keep`` in [0, 1) is how much of what was known is kept from one frame to the next; 0 changes nothing.
"""

import numpy as np

KEPT, AT_RATE = 0.96, 25.0  # per frame, at frames a second: the video demo of Ke et al. 2022, arXiv:2207.01322


def keep_at(frame_rate: float) -> float:
    """What is kept from one frame to the next at so many frames a second, so that a second keeps as much as in the demo."""
    if not frame_rate > 0:
        raise ValueError(f"a frame rate of {frame_rate}; expected more than 0")
    return KEPT ** (AT_RATE / frame_rate)


def exponential(parameters: np.ndarray, *, keep: float) -> np.ndarray:
    """The moving average of each frame and all before it, float64; the first is as it is, and a frame that has none gets none.

    After a gap the older frames count for less, as they would have if it had been filled.
    """
    rows, known = _rows(parameters, keep)
    result = np.full_like(rows, np.nan)
    mean, weight = np.zeros(rows.shape[1:]), 0.0  # of the frames before
    for time, row in enumerate(rows):
        if known[time]:
            mean = row if weight == 0 else mean + (1 - keep) / (weight + 1 - keep) * (row - mean)
            result[time], weight = mean, 1.0
        weight *= keep
    return result


def both_ways(parameters: np.ndarray, *, keep: float) -> np.ndarray:
    """The mean of all frames weighted by ``keep`` to the power of their distance, float64: a pass forward and one backward, without delay.

    Weights sum to 1 at the ends too, so a constant stays one to the bit. Far from the ends a ramp stays as it is; there it is flattened.
    """
    rows, known = _rows(parameters, keep)
    earlier, weight_earlier = _earlier(rows, known, keep)
    later, weight_later = (each[::-1] for each in _earlier(rows[::-1], known[::-1], keep))
    result = np.full_like(rows, np.nan)
    for time in np.flatnonzero(known):
        weight = 1 + weight_earlier[time] + weight_later[time]
        result[time] = rows[time]  # and what others differ from it: of a constant that is 0
        result[time] += weight_earlier[time] / weight * (earlier[time] - rows[time])
        result[time] += weight_later[time] / weight * (later[time] - rows[time])
    return result


def _earlier(rows: np.ndarray, known: np.ndarray, keep: float) -> tuple[np.ndarray, np.ndarray]:
    """The weighted mean of all frames before each, and the sum of their weights; 0 where there is none."""
    means, weights = np.zeros_like(rows), np.zeros(len(rows))
    mean, weight = np.zeros(rows.shape[1:]), 0.0
    for time, row in enumerate(rows):
        means[time], weights[time] = mean, weight
        if known[time]:
            mean = row if weight == 0 else mean + (row - mean) / (weight + 1)
        weight = keep * (weight + known[time])
    return means, weights


def _rows(parameters: np.ndarray, keep: float) -> tuple[np.ndarray, np.ndarray]:
    """The parameters as float64, and which frames have them."""
    if not 0 <= keep < 1:
        raise ValueError(f"keep is {keep}; expected 0 (nothing) to less than 1")
    rows = np.asarray(parameters, np.float64)
    return rows, np.asarray(np.isfinite(rows).all(axis=tuple(range(1, rows.ndim))))
