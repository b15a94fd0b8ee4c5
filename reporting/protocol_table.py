"""How a profile shortens what each variant's paper does, as a Markdown table, for the documentation."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.params.file import PARAMS_FILE, Params, load_params
from pipeline.params.mixtures import words_of
from pipeline.params.protocol import Augmentation
from pipeline.params.training import Training, Variant

HEAD = ("variant", "its paper learns from", "epochs", "batch", "px", "changes", "data set here")
DASH = "\N{EN DASH}"


def protocol_table(root: Path, profiles: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The header and a row for each variant of ``root``'s params.yaml: its paper's protocol, and what the profiles make of it.

    What a profile says for all variants stands in its header, what it leaves to each in the variant's cell.
    """
    params = load_params(root / PARAMS_FILE)
    scales = [params.model_copy(update={"profile": profile}) for profile in profiles]
    header = [*HEAD, *(f"`{scale.profile}`: {', '.join(_of_all(scale.active.training))}" for scale in scales)]
    return header, [
        [f"`{name}`", *_paper(variant), f"`{words_of(variant.dataset)}`", *(_here(variant, scale) for scale in scales)]
        for name, variant in params.catalogue.items()
    ]


def _paper(variant: Variant) -> list[str]:
    told = variant.protocol
    if told is None:
        return [DASH] * (len(HEAD) - 2)
    return [told.data, f"{told.epochs:,}", str(told.batch_size), str(told.size_px or "native"), _changes(told.augment)]


def _of_all(training: Training) -> list[str]:
    said = [f"{training.size_px} px", f"widths \N{MULTIPLICATION SIGN} {training.width_factor:g}"]
    if training.batch_size is not None:
        said.append(f"batch {training.batch_size}")
    return said if training.augment is None else [*said, _changes(training.augment)]


def _here(variant: Variant, scale: Params) -> str:
    training = scale.active.training
    regime = training.regime_of(variant)
    said = [f"`{words_of(scale.trained_on(variant.dataset))}`", f"{regime.epochs:,} epoch{'s' if regime.epochs > 1 else ''}"]
    if training.batch_size is None:
        said.append(f"batch {regime.batch_size}")
    return ", ".join(said if training.augment is not None else [*said, _changes(regime.augment)])


def _changes(augment: Augmentation) -> str:
    return " + ".join(augment) or "none"
