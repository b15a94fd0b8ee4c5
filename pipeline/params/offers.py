"""Are the names that ``params.yaml`` chooses in the library's tables? Asked before anything runs."""

from collections.abc import Iterable
from pathlib import Path

from imharmony.baselines import BASELINES
from imharmony.classification.network import PLACES
from imharmony.composing.regions import TRANSFERS_OF
from imharmony.errors import InputError
from imharmony.evaluation.conventions import CONVENTIONS
from imharmony.losses import ADVERSARIAL_LOSSES, DOMAIN_TRIPLETS, RECONSTRUCTION_LOSSES
from imharmony.losses.backbones import SQUEEZENET_PLACES, VGG19_PLACES
from imharmony.networks import DISCRIMINATORS, GENERATORS
from imharmony.networks.published import PUBLISHED_GENERATORS
from imharmony.points.transfers import POINT_TRANSFERS
from imharmony.training.initialisation import INITIALISATIONS
from imharmony.training.resynthesis import CHEAP_TRANSFERS
from pipeline.params.file import PARAMS_FILE, Params
from pipeline.params.training import FEATURE

NETWORKS = GENERATORS | PUBLISHED_GENERATORS
LAYERS: dict[str, Iterable[str]] = {"classifier": PLACES, "vgg19": VGG19_PLACES, "squeezenet": SQUEEZENET_PLACES}


def check_choices(params: Params) -> None:
    """Raises an ``InputError`` that names the first key whose choice nobody offers, and the offers, or a folder that is not there."""
    for key, name, table in _choices(params):
        if name not in table:
            raise InputError(f"{PARAMS_FILE}: {key} is {name!r}; expected one of {sorted(table)}")
    for name, method in params.imported.items():
        came = f"{PARAMS_FILE}: imported.{name}.folder is {method.folder!r}"
        if not Path(method.folder).is_dir():
            raise InputError(f"{came}; expected a folder that is there; bring the results or remove the entry")
    for name, model in params.published.items():
        came = f"{PARAMS_FILE}: published.{name}.file is {model.file!r}"
        if Path(model.file).is_file() and model.network not in NETWORKS:
            what = "which is no harmonizer's" if model.network is None else f"a network {model.network!r}, which nobody here knows"
            raise InputError(f"{came}, {what}; expected model.safetensors of a training or of `harmonize models import`")


def _choices(params: Params) -> Iterable[tuple[str, str, Iterable[str]]]:
    yield from (("baselines", name, BASELINES) for name in params.baselines)
    for name, method in params.imported.items():
        yield from (
            (f"imported.{name}.tables.{dataset}.convention", table.convention, CONVENTIONS) for dataset, table in method.tables.items()
        )
    for profile, section in params.profiles.items():
        for dataset, chosen in section.datasets.items():
            key = f"profiles.{profile}.datasets.{dataset}.synthesis.transfers"
            if chosen.synthesis:
                offered = TRANSFERS_OF[chosen.synthesis.direction]
                yield from ((key, name, offered) for name in chosen.synthesis.transfers)
    for variant, chosen in params.catalogue.items():
        key = f"catalogue.{variant}"
        yield f"{key}.generator.name", chosen.generator.name, NETWORKS
        yield f"{key}.init", chosen.init, INITIALISATIONS
        yield from ((f"{key}.losses", name, [*RECONSTRUCTION_LOSSES, FEATURE]) for name in chosen.losses)
        for backbone, layers in chosen.features.layers.items() if chosen.features else ():
            yield from ((f"{key}.features.layers.{backbone}", name, LAYERS[backbone]) for name in layers)
        if chosen.resynthesis:
            for part, names in (("transfers", chosen.resynthesis.transfers), ("grades", chosen.resynthesis.grades or ())):
                yield from ((f"{key}.resynthesis.{part}", name, CHEAP_TRANSFERS) for name in names)
        if chosen.points:
            yield from ((f"{key}.points.transfers", name, POINT_TRANSFERS) for name in chosen.points.transfers)
            yield from ((f"{key}.points.grades", name, POINT_TRANSFERS) for name in chosen.points.grades)
        if chosen.domain_codes:
            yield f"{key}.domain_codes.name", chosen.domain_codes.name, DOMAIN_TRIPLETS
        if chosen.discriminator and chosen.adversarial:
            yield f"{key}.discriminator.name", chosen.discriminator.name, DISCRIMINATORS
            yield f"{key}.adversarial.name", chosen.adversarial.name, ADVERSARIAL_LOSSES
