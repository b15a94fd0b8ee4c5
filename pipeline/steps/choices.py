"""What a cell names in the library's tables: of a table only these entries count in its fingerprint."""

from collections.abc import Iterable

from imharmony.published import FORMS
from pipeline.params.file import Params
from pipeline.params.training import Variant
from pipeline.steps.cell import PUBLISHED_GENERATORS, Table

BASELINES: Table = ("imharmony.baselines", "BASELINES")
DECOMPOSITIONS: Table = ("imharmony.intrinsic.decomposition", "DECOMPOSITIONS")
DISCRIMINATORS: Table = ("imharmony.networks", "DISCRIMINATORS")
GENERATORS: Table = ("imharmony.networks", "GENERATORS")
INITIALISATIONS: Table = ("imharmony.training.initialisation", "INITIALISATIONS")
LOSSES = "imharmony.losses"
MATTING: Table = ("imharmony.networks.matting", "MATTING")
SCHEDULES: Table = ("imharmony.training.schedules", "SCHEDULES")
SOURCES: Table = ("imharmony.sources.kinds", "SOURCES")
TRANSFERS: Table = ("imharmony.transfer", "TRANSFERS")
POINT_TRANSFERS: Table = ("imharmony.points.transfers", "POINT_TRANSFERS")
WAYS: Table = ("imharmony.training.ways", "WAYS")


def choices_of(variant: Variant) -> dict[Table, set[str]]:
    """What a variant's section names in the library's tables."""
    critic, adversarial, codes, features = variant.discriminator, variant.adversarial, variant.domain_codes, variant.features
    return generators_of(variant.generator.name) | {
        DISCRIMINATORS: {critic.name} if critic else set(),
        (LOSSES, "ADVERSARIAL_LOSSES"): {adversarial.name} if adversarial else set(),
        (LOSSES, "RECONSTRUCTION_LOSSES"): set(variant.losses) - {"feature"},
        (LOSSES, "DOMAIN_TRIPLETS"): {codes.name} if codes else set(),
        (LOSSES, "FEATURE_DISTANCES"): {features.distance} if features else set(),
        INITIALISATIONS: {variant.init},
        SCHEDULES: {variant.schedule.name},
        TRANSFERS: {*variant.resynthesis.transfers, *(variant.resynthesis.grades or ())} if variant.resynthesis else set(),
        POINT_TRANSFERS: {*variant.points.transfers, *variant.points.grades} if variant.points else set(),
        WAYS: {"points" if variant.points else "pictures"},
    }


def networks_of(params: Params, *variants: str, models: Iterable[str] = ()) -> dict[Table, set[str]]:
    """The networks of trained variants and of published models."""
    trained = (params.variant(name).generator.name for name in variants)
    return generators_of(*trained, *(params.published[name].network for name in models))


def generators_of(*names: str | None) -> dict[Table, set[str]]:
    """The networks of these names, in the table that each is in."""
    known = {name for name in names if name}
    return {GENERATORS: known - FORMS, PUBLISHED_GENERATORS: known & FORMS}
