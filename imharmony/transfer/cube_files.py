"""Lookup tables in Adobe's .cube files (Cube LUT Specification 1.0).

A file holds one table, of curves or of a cube, as lines of red, green and blue after its keywords; of a cube's lines red changes
fastest. A line that is empty or starts with # says nothing.
"""

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imharmony.errors import InputError
from imharmony.storage.files import write_text
from imharmony.transfer.lut import Lut

LARGEST = {"LUT_1D_SIZE": 65536, "LUT_3D_SIZE": 256}
DOMAIN = {"DOMAIN_MIN": (0.0, 0.0, 0.0), "DOMAIN_MAX": (1.0, 1.0, 1.0)}
KEYWORDS = ("TITLE", *LARGEST, *DOMAIN)

Rgb = tuple[float, float, float]
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)


def read_cube(path: Path) -> Lut:
    """The table of a file; every error names the file and the line."""
    lines = [(number, line.strip()) for number, line in enumerate(_lines(path), start=1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    is_row = [not line[0].isalpha() for _, line in lines]
    first = is_row.index(True) if any(is_row) else len(lines)
    header = _header(path, lines[:first])
    rows = _rows(path, lines[first:], count=header.size ** (3 if header.is_cube else 1))
    if header.is_cube:
        rows = np.ascontiguousarray(rows.reshape(*[header.size] * 3, 3).transpose(2, 1, 0, 3))
    return Lut(rows, header.low, header.high)


def write_cube(path: Path, lut: Lut, *, title: str) -> None:
    """Writes a table so that ``read_cube`` returns it bit for bit."""
    size = len(lut.table)
    lines = [f'TITLE "{title}"', f"LUT_{'1D' if lut.table.ndim == 2 else '3D'}_SIZE {size}"]
    lines += [f"{name} {_text(bounds)}" for name, bounds in zip(DOMAIN, (lut.low, lut.high), strict=True)]
    rows = lut.table if lut.table.ndim == 2 else lut.table.transpose(2, 1, 0, 3).reshape(-1, 3)
    write_text(path, "\n".join([*lines, *(_text(row) for row in rows.tolist()), ""]))


class _Header(NamedTuple):
    is_cube: bool
    size: int
    low: Rgb
    high: Rgb


def _header(path: Path, lines: list[tuple[int, str]]) -> _Header:
    seen: dict[str, tuple[int, str]] = {}
    for number, line in lines:
        keyword, *value = line.split(maxsplit=1)
        if keyword not in KEYWORDS:
            raise _error(path, number, repr(line), f"{', '.join(KEYWORDS)} or three numbers")
        if keyword in seen:
            raise _error(path, number, f"{keyword} again, after line {seen[keyword][0]}", "it once")
        seen[keyword] = number, "".join(value)
        if keyword == "TITLE" and not re.fullmatch(r'"[^"]*"', seen[keyword][1]):
            raise _error(path, number, repr(line), 'TITLE "text"')
    low, high = (_numbers(path, *seen[name]) if name in seen else default for name, default in DOMAIN.items())
    if not all(one < other for one, other in zip(low, high, strict=True)):
        at = max(seen[name][0] for name in DOMAIN if name in seen)
        raise _error(path, at, f"a domain from {_text(low)} to {_text(high)}", "DOMAIN_MIN below DOMAIN_MAX in each channel")
    return _Header(*_size(path, seen), low, high)


def _size(path: Path, seen: dict[str, tuple[int, str]]) -> tuple[bool, int]:
    kinds = [keyword for keyword in LARGEST if keyword in seen]
    if len(kinds) != 1:
        at = max((number for number, _ in seen.values()), default=1)
        raise _error(path, at, " and ".join(kinds) or "no size before the rows", f"one of {' and '.join(LARGEST)}")
    (kind,) = kinds
    number, text = seen[kind]
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not 2 <= int(text) <= LARGEST[kind]:
        raise _error(path, number, f"{kind} {text}", f"one whole number from 2 to {LARGEST[kind]}")
    return kind == "LUT_3D_SIZE", int(text)


def _rows(path: Path, lines: list[tuple[int, str]], *, count: int) -> np.ndarray:
    rows = [_numbers(path, number, line) for number, line in lines]
    if len(rows) != count:
        at = lines[min(count, len(rows) - 1)][0] if rows else 1
        raise _error(path, at, f"{len(rows)} rows in all", f"{count}, as the size says")
    return np.array(rows)


def _numbers(path: Path, number: int, text: str) -> Rgb:
    words = text.split()
    values = [float(word) for word in words if NUMBER.fullmatch(word)]
    if len(words) != 3 or len(values) != 3 or not all(map(math.isfinite, values)):
        raise _error(path, number, repr(text), "three finite numbers")
    return values[0], values[1], values[2]


def _error(path: Path, number: int, came: str, expected: str) -> InputError:
    return InputError(f"{path}, line {number}: {came}; expected {expected}; correct the file or export it again")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected a .cube lookup table") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file ({error}); expected a .cube lookup table; export it again") from error


def _text(values: tuple[float, ...] | list[float]) -> str:
    return " ".join(repr(float(value)) for value in values)
