"""What the tables of the section without a mask say, in a sentence each: what follows from their rows, and no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from imharmony.blind.detections import ANY, CONTROL
from imharmony.blind.judging import BLIND, HEADLINE, TRUE_MASK, UNTOUCHED
from reporting.claims import few, side

Rows = Sequence[Mapping[str, Any]]
AGAINST_UNTOUCHED = {
    "below": "lowers the composites' error",
    "above": "raises the composites' error",
    "astride": "is not told from doing nothing",
}
AGAINST_TRUE_MASK = {
    "below": "is better than with the true mask",
    "above": "is worse than with the true mask",
    "astride": "is not told from the true mask",
}
LEFT_OUT = 0.8  # the coverage that a sentence is about


def of_means(rows: Rows, labels: Mapping[str, str]) -> str:
    """Which system has the lowest error; ``rows`` are those of ``summary.BLIND_MEANS`` of composites, ``labels`` name the systems."""
    best = min(rows, key=lambda row: row[HEADLINE])
    if best["system"] == UNTOUCHED:
        return "No system has a lower mean MSE than the composites themselves."
    return f"The lowest mean MSE has {best['variant']}: {labels[best['system']]}."


def of_pairs(rows: Rows, variants: Sequence[str]) -> str:
    """Of each variant whether it helps without a mask, and whether the true mask would help more; of rows of ``BLIND_PAIRS``."""
    told = []
    for variant in variants:
        own = {
            row["reference"]: row
            for row in rows
            if (row["variant"], row["reference_variant"], row["system"], row["metric"]) == (variant, variant, BLIND, HEADLINE)
        }
        if UNTOUCHED not in own:
            continue
        sides = [side(own[name]["low"], own[name]["high"]) for name in (UNTOUCHED, TRUE_MASK)]
        if "unknown" in sides:
            told.append(f"{few(own[UNTOUCHED]['n_photographs'])}: of {variant} nothing follows for others.")
        else:
            told.append(f"Without a mask {variant} {AGAINST_UNTOUCHED[sides[0]]} and {AGAINST_TRUE_MASK[sides[1]]}.")
    return " ".join(told)


def of_reasons(rows: Rows) -> str:
    """Where the own mask beats the true one, and mostly why; of rows of ``BLIND_REASONS``."""
    kinds = {"blank": "nothing was found", "weaker": "it is weaker", "other": "it is no weaker than the true one"}
    told = []
    for row in rows:
        if not row["better"]:
            told.append(f"The own mask of {row['variant']} never beats the true one.")
            continue
        most = max(kinds, key=lambda name: row[name])
        told.append(f"The own mask of {row['variant']} beats the true one on {_percent(row['better'])}, mostly where {kinds[most]}.")
    return " ".join(told)


def of_detection(rows: Rows) -> str:
    """Whether what a detector finds are faults or objects: the control is what it finds where nothing is wrong; of rows of ``DETECTED``.

    A precision is taken as a multiple of chance's, which differs: not every composite has changed pixels, every photograph a foreground.
    """
    told = []
    for variant in dict.fromkeys(row["variant"] for row in rows):
        own = {row["kind"]: row for row in rows if row["variant"] == variant}
        found, control = (_lift(own.get(kind, {})) for kind in (ANY, CONTROL))
        if found is None or control is None:
            told.append(f"Of {variant} there is no average precision on both, so it is not known whether it finds faults or objects.")
        elif control >= found:
            told.append(f"{variant} finds objects, not faults: on untouched photographs it is as far above chance as on composites.")
        else:
            told.append(f"{variant} finds faults more than objects: on untouched photographs it is less far above chance.")
    return " ".join(told)


def _lift(row: Mapping[str, Any]) -> float | None:
    return row["average_precision"] / row["chance"] if row.get("average_precision") is not None and row.get("chance") else None


def of_thresholds(rows: Rows) -> str:
    """Whether a detector knows an object's threshold better than one constant for all; of rows of ``THRESHOLDS``."""
    words = {"negative": "darker", "positive": "brighter"}
    told = []
    for variant in dict.fromkeys(row["variant"] for row in rows):
        own = [row for row in rows if row["variant"] == variant]
        if all(row["error"] is None for row in own):
            told.append(f"{variant} never becomes sure of a change.")
            continue
        nearer = [words[row["kind"]] for row in own if row["error"] is not None and row["error"] < row["constant_error"]]
        of = f"for {' and '.join(nearer)} objects" if nearer else "for none"
        told.append(f"{variant} is nearer to the observer's law than one constant for all {of}.")
    return " ".join(told)


def of_risks(rows: Rows) -> str:
    """Whether leaving out the riskiest pictures lowers the harm of composites; of rows of ``BLIND_RISKS``."""
    told = []
    for variant in dict.fromkeys(row["variant"] for row in rows):
        own = {
            row["coverage"]: row["harm_rate"] for row in rows if (row["variant"], row["system"], row["is_real"]) == (variant, BLIND, False)
        }
        if LEFT_OUT in own:
            helps = "lowers" if own[LEFT_OUT] < own[1.0] else "does not lower"
            told.append(f"Leaving the riskiest fifth of composites as they are {helps} the share that {variant} makes worse.")
    return " ".join(told)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} % of composites"
