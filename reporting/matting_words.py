"""What the tables of the section on matting say, in a sentence each: what follows from their rows, and no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.params.file import Params
from pipeline.steps.matting import OF_THINGS
from reporting.claims import few, side
from reporting.matting_roles import same_but, twins_of

Rows = Sequence[Mapping[str, Any]]
Pairs = list[tuple[str, str]]
LOWERED, KEPT = ("sad", "mse", "conn"), "grad"  # by joint training, and not, as report 004 says
NAMES = {"sad": "SAD", "mse": "MSE", "conn": "Conn", "grad": "Grad"}


def compared(params: Params) -> tuple[Pairs, Pairs]:
    """Of mattes: each network after minus before the portraits, each system minus its network and its twin. Of systems: minus the twin;
    and the largest second lambda minus the smallest.
    """
    twins = twins_of(params)
    mattes = [(name, f"{name}{OF_THINGS}") for name in params.matting]
    for name, system in params.joint.items():
        is_of_another = params.joint_dataset(name) != params.matting[system.matting].dataset
        mattes += ([] if is_of_another else [(name, system.matting)]) + ([(name, twins[name])] if name in twins else [])
    ordered = list(same_but(params, "lambda_harmonizer").values())
    return mattes, [*twins.items(), *([(ordered[-1], ordered[0])] if len(ordered) > 1 else [])]


def of_dataset(params: Params, claims: Rows, bands: Rows, changes: Rows) -> dict[str, str]:
    """A sentence for each claim of report 004; ``claims`` and ``changes`` have ``cells`` by metric or measure."""
    return {"joint": of_joint(params, claims), "bands": of_bands(bands), "lambda": of_lambda(params, changes)}


def of_joint(params: Params, claims: Rows) -> str:
    """Whether joint training lowers what the report says it lowers, against the twin, or without one against fine-tuning alone."""
    twins, told = twins_of(params), []
    for name, system in params.joint.items():
        reference = twins.get(name, system.matting)
        row = next((row for row in claims if (row["method"], row["reference"]) == (name, reference)), None)
        if row is None or not system.has_critic:
            continue
        sides = {metric: side(row["cells"][metric]["low"], row["cells"][metric]["high"]) for metric in (*LOWERED, KEPT)}
        if "unknown" in sides.values():
            told.append(f"{few(row['cells'][KEPT]['n_portraits'])}: of {name} nothing follows for others.")
            continue
        words = {"below": "lowers", "above": "raises", "astride": "does not tell in"}
        found: dict[str, list[str]] = {}
        for metric, where in sides.items():
            found.setdefault(words[where], []).append(NAMES[metric])
        says = "; ".join(f"{verb} {', '.join(names)}" for verb, names in found.items())
        told.append(f"Against {reference}, {name} {says}.")
    return " ".join(told)


def of_bands(bands: Rows) -> str:
    """Whether a soft matte beats a hard mask around the edge."""
    sides: dict[str, list[str]] = {}
    for row in bands:
        sides.setdefault(side(row["low"], row["high"]), []).append(row["method"])
    words = {
        "below": "A soft matte beats the same one cut at a half: {}.",
        "above": "The matte cut at a half is better: {}.",
        "astride": "Soft and hard are not told apart: {}.",
        "unknown": "There are too few portraits to tell: {}.",
    }
    return " ".join(words[key].format(", ".join(sides[key])) for key in words if key in sides)


def of_lambda(params: Params, changes: Rows) -> str:
    """Whether the largest second lambda makes backgrounds darker and nearer to the person's colour than the smallest."""
    lambdas = same_but(params, "lambda_harmonizer")
    if len(lambdas) < 2:
        return ""
    low, high = next(iter(lambdas)), list(lambdas)[-1]
    row = next((row for row in changes if (row["system"], row["reference"]) == (lambdas[high], lambdas[low])), None)
    if row is None:
        return ""
    words = {
        "lightness_change": {"below": "darker", "above": "lighter", "astride": "no darker and no lighter that the interval tells"},
        "distance_change": {"below": "nearer to the person's colour", "above": "farther from it", "astride": "not told nearer or farther"},
    }
    sides = {measure: side(row["cells"][measure]["low"], row["cells"][measure]["high"]) for measure in words}
    if "unknown" in sides.values():
        return f"{few(row['cells']['mse']['n_portraits'])}: of the second lambda nothing follows for others."
    found = [words[measure][where] for measure, where in sides.items() if where != "unknown"]
    return f"With a second lambda of {high:g} against {low:g} backgrounds are {' and '.join(found)}."
