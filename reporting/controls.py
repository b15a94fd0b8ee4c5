"""What the controls say of the methods of a data set, and of the data set: sentences that follow from the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from imharmony.evaluation.blocks import REFERENCE
from imharmony.networks import WITHOUT_BACKGROUND
from imharmony.storage.shards import Row
from pipeline.params.file import Params
from reporting.choice import Means, chosen_on, row_of
from reporting.claims import few, side, verdict

Cells = Mapping[str, Mapping[str, Row]]  # rows of CONTROL_SUMMARY by method and measure


@dataclass(frozen=True)
class ControlSection:
    """The controls of one data set on the page."""

    cells: Cells  # without methods that have no controls
    backgroundless: list[str]  # the methods that never see the background
    of_set: str  # whether the data set can tell a method that looks at the background
    of_methods: str  # which methods are shown to look at it
    of_untouched: str | None  # what the best method does to a photograph that needs nothing


def backgroundless_variants(params: Params) -> list[str]:
    """The variants whose network is given the foreground alone."""
    return [name for name, variant in params.drawn.items() if variant.generator.name in WITHOUT_BACKGROUND]


def control_sections(
    controls: pa.Table, headline: pd.DataFrame, pairs: pd.DataFrame, means: Means, datasets: Sequence[str], *, backgroundless: Sequence[str]
) -> dict[str, ControlSection]:
    """A section for each data set.

    ``controls`` is ``tables/controls.parquet``, ``headline`` the summary's rows of the headline protocol, ``pairs`` the table of this
    name, ``means`` those of the validation photographs; ``backgroundless`` names the methods that never see the background.
    """
    cells: dict[str, dict[str, dict[str, Row]]] = {dataset: {} for dataset in datasets}
    for row in controls.to_pylist():
        cells[row["dataset"]].setdefault(row["method"], {})[row["measure"]] = row
    sections = {}
    for dataset, own in cells.items():
        compared = pairs[(pairs["dataset"] == dataset) & (pairs["convention"] == "headline") & (pairs["metric"] == "fmse")]
        sections[dataset] = ControlSection(
            cells=own,
            backgroundless=list(backgroundless),
            of_set=set_sentence(dataset, headline, compared, means, backgroundless=backgroundless),
            of_methods=methods_sentence(own, backgroundless=backgroundless),
            of_untouched=untouched_sentence(chosen_on(means, dataset, own), own),
        )
    return sections


def set_sentence(dataset: str, headline: pd.DataFrame, pairs: pd.DataFrame, means: Means, *, backgroundless: Sequence[str]) -> str:
    """Whether a data set can tell a method that looks at the background from one that does not.

    The best method that sees the background is compared with the best that does not, both chosen on validation photographs. ``pairs``
    are the rows of this data set under the headline convention.
    """
    methods = [str(name) for name in headline.loc[headline["dataset"] == dataset, "method"].unique()]
    best, control = (chosen_on(means, dataset, part) for part in ([name for name in methods if name not in backgroundless], backgroundless))
    if control is None or (row := row_of(headline, dataset, control)) is None:
        return f"No method without a background was scored, so it is not known what the foregrounds of {dataset} give away."
    if verdict(row) == "unknown":
        return f"{few(row['n_photographs'])}: what the foregrounds of {dataset} give away is not known."
    if verdict(row) != "lowers":
        alone = f"{control}, which never sees the background, is not shown to lower fMSE"
        return f"{alone}: nothing shows that the foregrounds of {dataset} give the answer away."
    alone = f"{control} never sees the background and lowers fMSE all the same"
    against = pairs[(pairs["method"] == best) & (pairs["reference"] == control)].to_dict(orient="records")
    if not against:
        return f"{alone}; no other method can be compared with it."
    low, high = against[0]["low"], against[0]["high"]
    found = side(low, high)
    if found == "below":
        return f"{alone}, but {best} lowers it further: {dataset} can tell a method that looks at the background."
    if found == "unknown":
        return f"{alone}; nothing follows for others of {few(against[0]['n_photographs']).removeprefix('No interval of ')}."
    than = "and is better than" if found == "above" else "and is not told from"
    return f"{alone}, {than} {best}, the best that sees it: {dataset} cannot tell whether a method looks at the background."


def methods_sentence(cells: Cells, *, backgroundless: Sequence[str]) -> str:
    """Which of the methods that lower fMSE are shown to look at the background; ``cells`` are those of one data set."""
    found: dict[str, list[str]] = {}
    swapped = {
        method: row for method, row in cells.items() if method != REFERENCE and method not in backgroundless and "swapped_loss" in row
    }
    if not swapped:
        return "No method was tried with another photograph's background."
    for method, row in swapped.items():
        own, loss = row["own_change"], row["swapped_loss"]
        if side(own["low"], own["high"]) in {"below", "unknown"}:
            found.setdefault(side(loss["low"], loss["high"]), []).append(method)
    says = {
        "above": "Shown to look at the background, as another photograph's raises their fMSE: {}",
        "below": "Shown to look at the background and to be misled by the right one, as another photograph's lowers their fMSE: {}",
        "astride": "Not shown to look at the background, as another photograph's changes their fMSE by no more than chance: {}",
        "unknown": "Too few photographs to say whether they look at the background: {}",
    }
    told = [words.format(", ".join(sorted(found[key]))) for key, words in says.items() if key in found]
    return ". ".join(told) + "." if told else "No method that sees the background is shown to lower fMSE, so none can lose by another one."


def untouched_sentence(method: str | None, cells: Cells) -> str | None:
    """How often a method visibly changes a photograph that needs nothing; None where it was not tried."""
    row = cells.get(method, {}).get("untouched_visible") if method else None
    if row is None:
        return None
    told = "" if side(row["low"], row["high"]) == "unknown" else f" ({100 * row['low']:.0f} to {100 * row['high']:.0f} %)"
    return f"{method}, chosen on the validation photographs, visibly changes {100 * row['mean']:.0f} % of untouched photographs{told}."
