"""Randomness that depends on names alone.

Everything random about a sample is drawn from a generator made of the seed, the sample's id and the
purpose, so that it does not depend on order, on the number of workers or on other samples.
"""

import hashlib

import numpy as np


def stable_hash(*parts: object) -> int:
    """An unsigned 64-bit hash of the parts' texts; the same on every machine and in every process."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def unit_hash(*parts: object) -> float:
    """``stable_hash`` mapped to [0, 1) with 53 bits."""
    return (stable_hash(*parts) >> 11) / 2**53


def numpy_rng(*parts: object) -> np.random.Generator:
    """A NumPy generator that depends on the parts alone."""
    return np.random.Generator(np.random.Philox(stable_hash(*parts)))


def rendezvous_order(candidates: np.ndarray, *parts: object) -> np.ndarray:
    """Positions of ``candidates`` (unique int64 ids) in the order in which this key prefers them.

    Highest-random-weight hashing (Thaler & Ravishankar 1998): adding or removing a candidate never
    changes the order of the others, so a choice made by it survives changes elsewhere in the data.
    """
    return np.argsort(rendezvous_weights(candidates, *parts), kind="stable")


def rendezvous_choice(candidates: np.ndarray, *parts: object) -> int:
    """The first position of ``rendezvous_order``, without sorting."""
    return int(np.argmin(rendezvous_weights(candidates, *parts)))


def rendezvous_weights(candidates: np.ndarray, *parts: object) -> np.ndarray:
    """One uint64 per candidate: the splitmix64 finaliser of the id mixed with the key's hash."""
    with np.errstate(over="ignore"):
        x = candidates.astype(np.uint64) ^ np.uint64(stable_hash(*parts))
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))
