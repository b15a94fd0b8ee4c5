"""What the page carries for its scripts: numbers as JSON and the plotting library, all inside the one file."""

import base64
import gzip
import json
import math
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import plotly
from markupsafe import Markup

SMALLEST_P = 0.001  # smaller ones are printed as smaller


def rounded(values: np.ndarray, digits: int) -> list[Any]:
    """The array as nested lists of numbers of so many decimals; what is not finite becomes None, which JSON has and NaN is not."""
    return [_plain(item, digits) for item in values.tolist()]


def json_for_page(tree: object) -> Markup:
    """JSON for a ``<script type="application/json">``, where "<" could end the element and is escaped."""
    text = json.dumps(tree, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))


@cache
def plotting_library() -> Markup:
    """plotly.min.js as the package ships it, gzip in base64: 2 MB instead of 5, and text that no parser has to look into."""
    script = (files(plotly) / "package_data" / "plotly.min.js").read_bytes()
    return Markup(base64.b64encode(gzip.compress(script, 9, mtime=0)).decode())


def _plain(item: Any, digits: int) -> Any:
    if isinstance(item, list):
        return [_plain(part, digits) for part in item]
    if not math.isfinite(item):
        return None
    near = round(item, digits)  # as the tables round, which NumPy does not do near a tie
    return int(near) if near == int(near) else near
