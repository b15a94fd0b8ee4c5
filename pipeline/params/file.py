"""``params.yaml``, read once and checked whole: an unknown key or a value out of range is an ``InputError`` that names it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from imharmony.composing.rules import parts_of
from imharmony.composing.splits import SPLITS
from imharmony.errors import InputError
from pipeline.params.blind import problem_of_systems
from pipeline.params.data import Dataset, problem_of_splits
from pipeline.params.defaults import place_of, with_defaults
from pipeline.params.imported import ImportedMethod
from pipeline.params.intrinsic import Intrinsic
from pipeline.params.matting import problem_of_matting
from pipeline.params.mixtures import Mixture, names_in, stood_in
from pipeline.params.namespaces import clash_of
from pipeline.params.prerequisites import Prerequisites
from pipeline.params.profiles import Defaults, Machine
from pipeline.params.published import PublishedModel
from pipeline.params.section import EachOnce, Name, Names, Seed
from pipeline.params.stand_ins import problem_of_missing, problem_of_names, problem_of_stand_ins
from pipeline.params.systems import Systems, named
from pipeline.params.training import INTRINSIC, Classifier, InputName, Variant
from pipeline.params.videos import problem_of_videos
from pipeline.params.yaml_files import parse_yaml, read_text

PARAMS_FILE = Path("params.yaml")
REFERENCE = "identity"  # the method that all are compared to, as ``imharmony.evaluation.blocks`` has it


class Params(Systems):
    """The whole of ``params.yaml``."""

    sources: Annotated[Names, Field(min_length=1)]
    datasets: Annotated[Names, Field(min_length=1)]
    baselines: Names
    studies: Names = Field(default_factory=list)  # tables of opinions in reports/studies/
    seeds: Annotated[list[Seed], Field(min_length=1, max_length=1000), EachOnce]
    variants: Names  # of the catalogue: those that are trained and scored
    catalogue: dict[Name, Variant]
    imported: dict[Name, ImportedMethod]
    published: dict[Name, PublishedModel]  # files that are scored as they are
    classifiers: Annotated[Names, Field(max_length=1)]  # the data set whose foregrounds a classifier learns to name
    preprocessed: Names  # data sets on which report 001's preprocessing is done
    decomposers: Annotated[Names, Field(max_length=1)]  # the data set whose photographs the preprocessing learns from
    classifier: Classifier | None = None  # where there are classifiers
    machine: Machine = Machine()
    defaults: Defaults = Defaults()

    @property
    def intrinsic(self) -> Intrinsic:
        """How the active profile preprocesses composites; an ``InputError`` where it does not say."""
        if self.active.intrinsic is None:
            raise InputError(f"profiles.{self.profile}.intrinsic is absent; expected it where composites are preprocessed")
        return self.active.intrinsic

    def dataset(self, name: str) -> Dataset:
        """A data set of the active profile; an unknown name is an ``InputError``."""
        if name not in self.datasets:
            raise InputError(f"data set is {name!r}; expected one of {self.datasets}, as params.yaml lists them")
        return self.active.datasets[name]

    @property
    def scored(self) -> list[str]:
        """The data sets that have test photographs; the others are there to be learned from."""
        return [name for name in self.datasets if "test" in parts_of(self.active.datasets[name].split)]

    def trained_on(self, mixture: Mixture) -> Mixture:
        """What is taken where a variant names these data sets: themselves, or what stands in for them in the active profile."""
        return stood_in(mixture, self.active.stand_ins)

    def given(self, kind: InputName) -> list[str]:
        """The data sets of which there are pictures of a kind."""
        return self.preprocessed if kind == INTRINSIC else self.datasets

    def mixture_of(self, variant: Variant) -> Mixture | None:
        """What a variant of the catalogue is trained on; None where there are no pictures of one of these, so that it cannot be."""
        mixture = self.trained_on(variant.dataset)
        return mixture if set(names_in(mixture)) <= set(self.given(variant.input)) else None

    def preprocessed_splits(self, dataset: str) -> list[str]:
        """The splits of a data set that report 001's preprocessing is done on: what is scored, and what the catalogue learns from."""
        mixtures = (self.mixture_of(variant) for variant in self.catalogue.values() if variant.input == INTRINSIC)
        learned = {name for mixture in mixtures if mixture for name in names_in(mixture)}
        return [split for split in SPLITS if split != "train" or dataset in learned]

    @property
    def drawn(self) -> dict[str, Variant]:
        """The variants that are trained and scored, in the order of their list."""
        return {name: self.catalogue[name] for name in self.variants}

    def variant(self, name: str) -> Variant:
        """A variant that is drawn; another name is an ``InputError``."""
        if name not in self.variants:
            raise InputError(f"variant is {name!r}; expected one of {self.variants}, as `variants` of params.yaml lists them")
        return self.catalogue[name]

    @property
    def prerequisites(self) -> Prerequisites:
        """What the drawn variants need of other lists."""
        own = {key: getattr(self, key) for key in ("drawn", "datasets", "classifiers", "preprocessed", "decomposers")}
        looking = (variant for variant in self.drawn.values() if variant.backbone == "profile")
        learned_from = (names_in(self.trained_on(variant.dataset))[0] for variant in looking)
        return Prerequisites(**own, classified=next(learned_from, self.datasets[0]))

    def harmonizing(self, dataset: str) -> list[str]:
        """The drawn variants that learned from a data set's composites and see a mask: what a matte is handed to."""
        seeing = (name for name, variant in self.drawn.items() if variant.generator.mask_input and variant.input != INTRINSIC)
        return [name for name in seeing if dataset in names_in(self.mixture_of(self.catalogue[name]) or [])]

    def imported_method(self, name: str) -> ImportedMethod:
        """A method from elsewhere."""
        return named("method is", name, self.imported, "imported")

    def published_model(self, name: str) -> PublishedModel:
        """A model from elsewhere."""
        return named("model is", name, self.published, "published")

    @model_validator(mode="after")
    def _names_refer_to_something(self) -> "Params":
        _expect(self.profile in self.profiles, f"profile is {self.profile!r}; expected one of {sorted(self.profiles)}")
        _expect(REFERENCE in self.baselines, f"baselines is {self.baselines}; expected {REFERENCE!r} among them: all are compared to it")
        self._expect_names_that_differ()
        unknown = [name for name in self.variants if name not in self.catalogue]
        _expect(not unknown, f"variants has {unknown}; expected some of {sorted(self.catalogue)}, the sections of `catalogue`")
        for name, variant in self.drawn.items():
            backbone, layers = self.active.backbone, variant.features.layers if variant.features else {}
            came = f"catalogue.{name}.features.layers has {list(layers)}"
            chosen = backbone.name if backbone else None
            _expect(not layers or chosen in layers, f"{came}; expected {chosen}, as profiles.{self.profile}.backbone says")
        for name, method in self.imported.items():
            unknown = sorted(set(method.datasets) - set(self.datasets))
            _expect(not unknown, f"imported.{name} has the data sets {unknown}; expected some of {self.datasets}")
        self._expect_lists_of_known_datasets()
        self._expect_judges_of_real_photographs()
        self._expect_systems_to_fit()
        self._expect_data_of_variants()
        self._expect_what_is_read_to_be_made()
        for name, profile in self.profiles.items():
            for dataset, section in profile.datasets.items():
                key = f"profiles.{name}.datasets.{dataset}.source"
                _expect(section.source in profile.sources, f"{key} is {section.source!r}; expected one of {sorted(profile.sources)}")
            listed = {dataset: profile.datasets[dataset] for dataset in self.datasets if dataset in profile.datasets}
            _refuse(problem_of_splits(f"profiles.{name}.datasets", listed))
        return self

    def _expect_names_that_differ(self) -> None:
        """Methods and data sets meet in folders, tables and commands; sources and profiles have folders of their own."""
        methods = {kind: getattr(self, kind) for kind in ("baselines", "catalogue", "imported", "published", "videos", "datasets")}
        others = {"sources": self.sources, "studies": self.studies, "profiles": self.profiles, "judges": self.judges}
        others |= {"detectors": self.detectors, "blind": self.blind, "matting": self.matting, "joint": self.joint}
        for names in (methods, *({kind: own} for kind, own in others.items())):
            clash = clash_of(names)
            _expect(clash is None, clash or "")
        for name, profile in self.profiles.items():
            for kind, own in (("sources", profile.sources), ("datasets", profile.datasets)):
                clash = clash_of({f"profiles.{name}.{kind}": own})
                _expect(clash is None, clash or "")

    def _expect_lists_of_known_datasets(self) -> None:
        """Whoever shortens ``datasets`` has several lists to shorten; all are named at once."""
        lists = {key: getattr(self, key) for key in ("classifiers", "preprocessed", "decomposers", "trimaps", "clips")}
        for kind in ("judges", "detectors", "blind"):
            lists |= {f"{kind}.{name}.datasets": each.datasets for name, each in getattr(self, kind).items()}
        lists |= {f"matting.{name}.people.datasets": each.people.datasets for name, each in self.matting.items() if each.people}
        wrong = {key: names for key, names in lists.items() if set(names) - set(self.datasets)}
        came = ", ".join(f"{key} is {names}" for key, names in wrong.items())
        _expect(not wrong, f"{came}; expected some of {self.datasets}: change {' and '.join(wrong)}, or add to `datasets`")

    def _expect_judges_of_real_photographs(self) -> None:
        """Neither judges nor detectors learn from graded photographs, which they would take for real ones."""
        graded = {name for name, each in self.active.datasets.items() if each.synthesis and each.synthesis.direction == "photograph"}
        for kind in ("judges", "detectors"):
            for name, section in getattr(self, kind).items():
                found = sorted(graded & set(section.datasets))
                came = f"{kind}.{name}.datasets has {found}, whose truths are graded photographs"
                _expect(not found, f"{came}; expected data sets of real ones; remove {' and '.join(found)}")

    def _expect_systems_to_fit(self) -> None:
        """What they are made of is there, and the profile says how long they are taught."""
        for kind, scale in (("detectors", "blind"), ("blind", "blind"), ("trimaps", "matting"), ("clips", "clips")):
            came = f"{kind} without profiles.{self.profile}.{scale}"
            _expect(not getattr(self, kind) or getattr(self.active, scale) is not None, f"{came}; expected how long they are taught")
        own = {"variants": self.variants, "catalogue": self.catalogue, "datasets": self.active.datasets}
        _refuse(problem_of_systems(self.blind, detectors=self.detectors, **own))
        _refuse(problem_of_matting(self.matting, self.joint, trimaps=self.trimaps, **own))
        _refuse(problem_of_videos(self.videos, clips=self.clips, scale=self.active.clips, **own))

    def _expect_data_of_variants(self) -> None:
        """Each variant has its paper's data set, or what the profile says stands in for it, and a length, batches and changes."""
        drawn = [(each, name) for name, variant in self.drawn.items() for each in names_in(variant.dataset)]
        wanted = {dataset: f"catalogue.{name}.dataset" for dataset, name in reversed(drawn)}
        asked = {dataset for variant in self.catalogue.values() for dataset in names_in(variant.dataset)}
        known = sorted(asked.union(*(profile.datasets for profile in self.profiles.values())))
        for name, profile in self.profiles.items():
            key = f"profiles.{name}.stand_ins"
            _refuse(problem_of_stand_ins(key, profile.stand_ins, described=list(profile.datasets), known=known))
        here, named = self.active, dict(reversed(wanted.items()))
        _refuse(problem_of_names(self.profile, here.stand_ins, named, listed=self.datasets))
        described = {"datasets": here.datasets, "sources": here.sources}
        _refuse(problem_of_missing(self.profile, here.stand_ins, named, listed=self.datasets, **described))
        for kind, own, wanted in (("sources", here.sources, self.sources), ("datasets", here.datasets, self.datasets)):
            missing = sorted(set(wanted) - set(own))
            _expect(not missing, f"profiles.{self.profile}.{kind} lacks {missing}, which `{kind}` lists; it has {sorted(own)}")
        _expect(
            bool(self.scored), f"datasets has {self.datasets}, none with test photographs; expected one to score on: split.test above 0"
        )
        for name, variant in self.drawn.items():
            for dataset in names_in(self.trained_on(variant.dataset)):
                came = f"catalogue.{name}.dataset is {dataset!r}, all of which is scored on"
                _expect("train" in parts_of(here.datasets[dataset].split), f"{came}; expected one with a part for training")
            try:
                here.training.regime_of(variant)
            except ValueError as error:
                raise ValueError(f"catalogue.{name}: {error}") from error

    def _expect_what_is_read_to_be_made(self) -> None:
        """What a variant depends on is made by a stage: its graph says so, or nothing would run."""
        _refuse(self.prerequisites.problem())
        sections = (self.classifier, self.active.backbone)
        _expect(
            not self.classifiers or None not in sections,
            "classifiers without the section `classifier`, or without the profile's `backbone`",
        )


def _expect(claim: bool, message: str) -> None:
    if not claim:
        raise ValueError(message)


def _refuse(problem: str | None) -> None:
    _expect(problem is None, problem or "")


def load_params(path: Path = PARAMS_FILE) -> Params:
    """Reads and checks the file."""
    return parse_params(read_text(path), path)


def parse_params(text: str, path: Path) -> Params:
    """Checks a text that stands in the file, or is to."""
    return parse_yaml(text, path, Params, fill=with_defaults, place=place_of)
