"""What happens to files: cut off, flipped, blanked, mixed up; and values that nobody expects."""

import random
from collections.abc import Iterator
from typing import Any

DEEP = 100_000
Keys = tuple[str | int, ...]

# Of every type, and at the edges of each.
JUNK: dict[str, Any] = {
    "null": None,
    "true": True,
    "empty text": "",
    "text": "abc",
    "a number as text": "12",
    "superscript two": "²",
    "path up": "../../evil",
    "absolute path": "/etc/passwd",
    "shell words": "$(touch PWNED); `id`",
    "line break": "a\nb",
    "NUL": "a\0b",
    "300 letters": "n" * 300,
    "lone surrogate": "\ud800",
    "zero": 0,
    "minus one": -1,
    "a half": 0.5,
    "two to the 31": 1 << 31,
    "two to the 63": 1 << 63,
    "30 digits": 10**30,
    "NaN": float("nan"),
    "infinite": float("inf"),
    "minus infinite": float("-inf"),
    "empty list": [],
    "list": [1, "a", None],
    "empty object": {},
    "object": {"a": {"b": 1}},
}


def damaged(data: bytes, *, seed: int, flips: int = 12, cuts: int = 8) -> Iterator[tuple[str, bytes]]:
    """What a file may become, with a name for each."""
    rng = random.Random(seed)
    size = len(data)
    yield "empty", b""
    yield "one byte", data[:1]
    for part in range(1, cuts):
        yield f"cut off after {part}/{cuts}", data[: size * part // cuts]
    yield "last byte missing", data[:-1]
    for number in range(flips):
        changed = bytearray(data)
        for _ in range(1 + number % 3 * 4):
            changed[rng.randrange(size)] ^= 1 << rng.randrange(8)
        yield f"bits flipped {number}", bytes(changed)
    for number in range(2):
        at = rng.randrange(max(size - 32, 1))
        yield f"zeros {number}", data[:at] + bytes(32) + data[at + 32 :]
        yield f"noise {number}", data[:at] + rng.randbytes(32) + data[at + 32 :]
    yield "first byte missing", data[1:]
    yield "twice", data + data
    yield "junk behind it", data + rng.randbytes(1000)
    yield "junk before it", rng.randbytes(16) + data
    yield "in reverse", data[::-1]
    yield "noise alone", rng.randbytes(size)
    yield "zeros alone", bytes(size)
    yield "a page", b"<!doctype html><html><body>404 Not Found</body></html>"
    yield "line ends changed", data.replace(b"\n", b"\r\n")


def places(tree: object, *, at: Keys = ()) -> Iterator[Keys]:
    """Where each value of a tree of objects and lists stands, the inner ones too."""
    if at:
        yield at
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in entries:
        yield from places(value, at=(*at, key))


def with_value(tree: Any, keys: Keys, value: Any) -> Any:
    """A copy of the tree with another value at a place."""
    key, *rest = keys
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[key] = with_value(copy[key], tuple(rest), value) if rest else value
    return copy


def without(tree: Any, keys: Keys) -> Any:
    """A copy of the tree without what stands at a place."""
    key, *rest = keys
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    if rest:
        copy[key] = without(copy[key], tuple(rest))
    else:
        del copy[key]
    return copy


def changed_trees(tree: Any) -> Iterator[tuple[str, Any]]:
    """The tree with each place missing and, in turn, of each value of ``JUNK``; of objects in a list, the first is changed."""
    for keys in places(tree):
        if len(keys) > 1 and isinstance(keys[1], int) and keys[1] > 0:
            continue
        where = ".".join(map(str, keys))
        yield f"{where} missing", without(tree, keys)
        for name, value in JUNK.items():
            yield f"{where} is {name}", with_value(tree, keys, value)
