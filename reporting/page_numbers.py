"""How the page's templates print numbers."""

import base64
from collections.abc import Callable

import pandas as pd

from reporting.embedding import SMALLEST_P, json_for_page

NARROW_SPACE = "\u202f"  # between thousands; lines do not break there


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None or pd.isna(value) else f"{value:,.{digits}f}".replace("-", "−").replace(",", NARROW_SPACE)


def _signed(value: float | None, digits: int) -> str:
    text = _number(value, digits)
    zero = not text.strip("0.−")
    return text.removeprefix("−") if zero else text if text.startswith(("−", "–")) else f"+{text}"


def _percent(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else f"{100 * value:.0f} %" if value in (0, 1) else f"{100 * value:.1f} %"


def _p_value(value: float | None) -> str:
    if value is None or pd.isna(value):
        return "–"
    return f"{value:.3f}" if value >= SMALLEST_P else f"<\N{NO-BREAK SPACE}{SMALLEST_P}"


def _data_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


FILTERS: dict[str, Callable] = {
    "number": _number,
    "signed": _signed,
    "percent": _percent,
    "p_value": _p_value,
    "data_uri": _data_uri,
    "json_for_page": json_for_page,
}
