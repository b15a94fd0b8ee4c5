"""A published run's controls as a table of the documentation."""

from pathlib import Path

from imharmony.evaluation.blocks import REFERENCE
from imharmony.evaluation.control_summary import VISIBLE
from reporting.published_rows import DASH, MINUS, rows_of

SUFFIX = ".controls.csv"  # after a run's name, which has no dot
HEADER = ["method", "own background", "another background", "loss by another", "untouched: CIEDE2000", "untouched: visibly changed"]
COLUMNS = {"own_change": 0, "swapped_change": 0, "swapped_loss": 0, "untouched_ciede2000": 2, "untouched_visible": 0}  # and decimals
LEGEND = (
    "Mean change of fMSE with the composite's own and with another photograph's background, and the second minus the first; CIEDE2000 of "
    f"untouched photographs, and the share for which it is above {VISIBLE:g}. In brackets: 95 % intervals over photographs."
)
Row = dict[str, str]


def control_table(published: Path, run: str, dataset: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one data set: the methods that have controls, the largest gain with the composite's own background first."""
    rows = rows_of(published, run, dataset, suffix=SUFFIX, what="the controls")
    cells: dict[str, dict[str, Row]] = {}
    for row in rows:
        cells.setdefault(row["method"], {})[row["measure"]] = row
    order = sorted(set(cells) - {REFERENCE}, key=lambda method: (_gain(cells[method]), method))
    return HEADER, [[f"`{method}`", *(_cell(cells[method].get(name), name) for name in COLUMNS)] for method in order]


def _gain(row: dict[str, Row]) -> float:
    return float(row["own_change"]["mean"]) if "own_change" in row else float("inf")


def _cell(row: Row | None, measure: str) -> str:
    if row is None:
        return DASH
    if row["low"] in ("", None):
        return f"{_number(row['mean'], measure)} ({DASH}, {row['n_photographs']} photograph{'s' if row['n_photographs'] != '1' else ''})"
    return f"{_number(row['mean'], measure)} ({_number(row['low'], measure)} to {_number(row['high'], measure)})"


def _number(text: str, measure: str) -> str:
    share = measure == "untouched_visible"
    value = round((100 if share else 1) * float(text), COLUMNS[measure])
    sign = MINUS if value < 0 else "+" if value > 0 and measure in {"own_change", "swapped_change", "swapped_loss"} else ""
    return f"{sign}{abs(value):,.{COLUMNS[measure]}f}{' %' if share else ''}"
