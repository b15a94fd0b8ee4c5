"""Every cell of the graph: what its stage runs, which of the library's choices it names, and the parameters that it reads.

This is all that ``params.yaml`` and the code decide about a cell; what it reads beside that, ``dvc.yaml`` says.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from imharmony.storage.files import sha256_of
from pipeline.params.blind import NO_HARMONIZER, BlindSystem, Detector
from pipeline.params.data import Source
from pipeline.params.file import Params
from pipeline.params.intrinsic import Intrinsic
from pipeline.params.realism import RealismJudges
from pipeline.params.training import COMPOSITE, INTRINSIC, Variant
from pipeline.steps.paths import STUDIES

Table = tuple[str, str]  # its module and its name
BASELINES: Table = ("imharmony.baselines", "BASELINES")
DECOMPOSITIONS: Table = ("imharmony.intrinsic.decomposition", "DECOMPOSITIONS")
DISCRIMINATORS: Table = ("imharmony.networks", "DISCRIMINATORS")
GENERATORS: Table = ("imharmony.networks", "GENERATORS")
INITIALISATIONS: Table = ("imharmony.training.initialisation", "INITIALISATIONS")
LOSSES = "imharmony.losses"
SCHEDULES: Table = ("imharmony.training.schedules", "SCHEDULES")
SOURCES: Table = ("imharmony.sources", "SOURCES")
TRANSFERS: Table = ("imharmony.transfer", "TRANSFERS")
POINT_TRANSFERS: Table = ("imharmony.points.transfers", "POINT_TRANSFERS")
WAYS: Table = ("imharmony.training.ways", "WAYS")
OWN_DECOMPOSITIONS = {"luminance", "retinex"}  # back ends that are entries of that table
TRANSPORT = {"parallel", "attempts", "timeout_seconds"}  # of a source: how it is fetched, not what
COMPOSED = {"iharmony4"}  # kinds of sources that have composites of their own
OWN_FOLDERS = ("photographs", "masks")  # of a source that is a folder of the user's


@dataclass(frozen=True)
class Cell:
    """One cell of a stage; ``name`` is "" for a stage of one. ``choices`` are the entries that it uses of tables of the library."""

    stage: str
    name: str
    values: Mapping[str, Any]
    choices: Mapping[Table, frozenset[str]]
    entry: tuple[str, str]

    @property
    def address(self) -> str:
        """As DVC calls it."""
        return f"{self.stage}@{self.name}" if self.name else self.stage


def cells_of(params: Params) -> Iterator[Cell]:
    """All cells of the active profile."""
    yield from _data_cells(params)
    yield from _network_cells(params)
    yield from _score_cells(params)
    yield from _blind_cells(params)
    yield _cell("report", "", _of_report(params), {GENERATORS: {v.generator.name for v in params.drawn.values()}})
    # No stages: what is kept under .work/ for several stages or runs.
    yield _cell("pack", "", {}, entry=("imharmony.composing.packed_split", "pack_split"))
    yield _cell("statistics", "", {}, entry=("reporting.statistics", "statistics_of"))
    yield _cell("pictures", "", {}, entry=("reporting.pictures", "kept_pictures"))


def _data_cells(params: Params) -> Iterator[Cell]:
    profile = params.active
    for name in params.sources:
        source = profile.sources[name]
        values = {"source": plain(source, leave_out=TRANSPORT), "files": list(_stamps(source))}
        yield _cell("download_annotations", name, values, {SOURCES: {source.kind}})
    for name in params.datasets:
        dataset = profile.datasets[name]
        source = profile.sources[dataset.source]
        described = plain(source, leave_out=TRANSPORT)
        kind: dict[Table, set[str]] = {SOURCES: {source.kind}}
        rules = {"source": dataset.source, "selection": dataset.selection, "split": dataset.split}
        yield _cell("filter_masks", name, rules)
        yield _cell("download_images", name, {"source": described}, kind)
        has_own = dataset.synthesis is None or source.kind in COMPOSED
        made = {"source": described} if has_own else {"synthesis": dataset.synthesis}
        transfers = set(dataset.synthesis.transfers) if dataset.synthesis else set()
        yield _cell("synthesize_composites", name, made, kind | {TRANSFERS: transfers})
    read = {name: _of_names(params, variant) for name, variant in params.catalogue.items()}
    yield _cell("name_data", "", {"variants": read, "given": {kind: params.given(kind) for kind in (COMPOSITE, INTRINSIC)}})


def _of_names(params: Params, variant: Variant) -> dict[str, Any]:
    looks_through = variant.backbone == "profile" and bool(params.classifiers)
    return {"input": variant.input, "dataset": params.dataset_of(variant), "looks_through": looks_through}


def _network_cells(params: Params) -> Iterator[Cell]:
    profile, threads = params.active, params.active.threads
    for name in params.classifiers:
        values = {"classifier": params.classifier, "backbone": profile.backbone, "size_px": profile.training.size_px, "threads": threads}
        yield _cell("train_classifier", name, values)
    if params.decomposers or params.preprocessed:
        yield from _preprocessing_cells(params, params.intrinsic)
    for name, variant in params.drawn.items():
        yield _cell("train", name, {**_of_training(params, variant), "seeds": params.seeds, "threads": threads}, _choices_of(variant))


def _of_training(params: Params, variant: Variant) -> dict[str, Any]:
    """A variant and how it is trained; what its paper or the profile says of that and is not done here changes nothing, nor its form."""
    settled = {"epochs", "batch_size", "augment"}
    return {
        "variant": plain(variant, leave_out={"form", "protocol", "epochs_factor"}),
        "trained_on": params.trained_on(variant.dataset),
        "regime": params.active.training.regime_of(variant),
        "training": plain(params.active.training, leave_out=settled),
    }


def _preprocessing_cells(params: Params, chosen: Intrinsic) -> Iterator[Cell]:
    # What the stages ask the section: how it answers is code of the parameters', which counts in no stage.
    shading, edits, networks = ({name: getattr(chosen, name)} for name in ("has_shading_network", "has_edit_network", "has_networks"))
    own: dict[Table, set[str]] = {DECOMPOSITIONS: {chosen.backend} & OWN_DECOMPOSITIONS}
    for name in params.decomposers:
        learned = {"backend": chosen.backend, "seed": chosen.seed, "threads": params.active.threads} | shading
        yield _cell("train_shading", name, learned | {"network": chosen.shading_network})
        yield _cell("train_edits", name, learned | {"edits": chosen.edits, "network": chosen.edit_network} | edits | networks, own)
    for name in params.preprocessed:
        asked = {"splits": params.preprocessed_splits(name)}
        yield _cell("preprocess_intrinsic", name, chosen.of_pictures | networks | asked, own)


def _score_cells(params: Params) -> Iterator[Cell]:
    evaluation = params.active.evaluation
    values = {"size_px": evaluation.size_px, "lpips": evaluation.lpips, "datasets": params.datasets, "threads": params.active.threads}
    for name, variant in params.drawn.items():
        given = {"input": variant.input, "seeds": params.seeds}
        yield _cell("evaluate", name, values | given, {GENERATORS: {variant.generator.name}})
    for name in params.baselines:
        yield _cell("evaluate_baselines", name, values, {BASELINES: {name}})
    for name in params.decomposers:
        yield _cell("evaluate_intrinsic", name, values)
    for name, judges in params.judges.items():
        yield from _realism_cells(params, name, judges)
    for name, method in params.imported.items():
        folders = {dataset: str(method.pictures(dataset)) for dataset in method.datasets}
        yield _cell("import_scores", name, values | {"method": method, "folders": folders})


def _realism_cells(params: Params, name: str, judges: RealismJudges) -> Iterator[Cell]:
    size_px, threads = params.active.evaluation.size_px, params.active.threads
    sources = {dataset: params.active.datasets[dataset].source for dataset in params.datasets}
    learned = {"datasets": judges.datasets, "sources": sources, "size_px": size_px, "seed": judges.seed, "photographs": judges.photographs}
    database = {"bins": judges.bins, "textons": judges.textons, "neighbours": judges.neighbours}
    yield _cell("build_colour_database", name, learned | database)
    yield _cell("train_realism", name, learned | {"critic": judges.critic, "threads": threads})
    yield _cell("evaluate_realism", name, {"datasets": params.datasets, "size_px": size_px, "threads": threads})


def _blind_cells(params: Params) -> Iterator[Cell]:
    """Detectors see what they are taught on at the size of training; systems are taught and scored at the size that is scored."""
    for name, detector in params.detectors.items():
        yield _cell("train_detector", name, _of_detector(params, detector))
    for name, system in params.blind.items():
        generators = {GENERATORS: set() if system.harmonizer == NO_HARMONIZER else {params.variant(system.harmonizer).generator.name}}
        yield _cell("train_blind", name, _of_system(params, system), generators)
        evaluation = {"size_px": params.active.evaluation.size_px, "lpips": params.active.evaluation.lpips, "datasets": system.datasets}
        scale = {
            "offsets": params.blind_scale.offsets,
            "threads": params.active.threads,
            "thresholds": _file(params.detector(system.detector)),
        }
        yield _cell("evaluate_blind", name, evaluation | scale, generators)


def _of_detector(params: Params, detector: Detector) -> dict[str, Any]:
    sources = {dataset: params.active.datasets[dataset].source for dataset in params.datasets}
    scale = {
        "steps": params.blind_scale.detector_steps,
        "size_px": detector.size_px or params.active.evaluation.size_px,
        "threads": params.active.threads,
    }
    weights = detector.network.weights
    stamp = {"weights": sha256_of(Path(weights)) if weights is not None and Path(weights).is_file() else None}
    return {"detector": plain(detector, leave_out={"thresholds"}), "sources": sources} | scale | stamp


def _of_system(params: Params, system: BlindSystem) -> dict[str, Any]:
    values = {"system": system, "steps": params.blind_scale.system_steps, "focal": params.detector(system.detector).focal}
    values |= {"size_px": params.active.evaluation.size_px, "threads": params.active.threads, "seed": params.seeds[0]}
    return values | {"thresholds": _file(params.detector(system.detector))}


def _file(detector: Detector) -> str | None:
    """What stands in the user's table of thresholds."""
    path = detector.thresholds
    return sha256_of(Path(path)) if path is not None and Path(path).is_file() else path


def _of_report(params: Params) -> dict[str, Any]:
    read = {"profile", "baselines", "datasets", "decomposers", "preprocessed", "seeds", "imported", "judges", "detectors", "blind"}
    opinions = {name: sha256_of(path) for name in params.studies if (path := STUDIES / f"{name}.parquet").is_file()}
    return {name: getattr(params, name) for name in sorted(read)} | {
        "variants": params.drawn,
        "active": params.active,
        "studies": params.studies,
        "opinions": opinions,
    }


def _choices_of(variant: Variant) -> dict[Table, set[str]]:
    """What a variant's section names in the library's tables."""
    critic, adversarial, codes, features = variant.discriminator, variant.adversarial, variant.domain_codes, variant.features
    return {
        GENERATORS: {variant.generator.name},
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


def _cell(
    stage: str,
    name: str,
    values: Mapping[str, Any],
    choices: Mapping[Table, Iterable[str]] | None = None,
    *,
    entry: tuple[str, str] | None = None,
) -> Cell:
    used = {table: frozenset(keys) for table, keys in (choices or {}).items()}
    return Cell(stage, name, {key: plain(value) for key, value in values.items()}, used, entry or (f"stages.{stage}", "main"))


def plain(value: Any, *, leave_out: Iterable[str] = ()) -> Any:
    """A value of the parameters as JSON, without keys that say nothing (null, false, 0, {}): a new one changes what gives it a value.

    An empty list or text is said, because null is not the same: no licence is not every licence.
    """
    tree = to_jsonable_python(value)
    return _telling({key: each for key, each in tree.items() if key not in set(leave_out)} if isinstance(tree, dict) else tree)


def _telling(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _telling(value) for key, value in tree.items() if value not in (None, False, 0, {})}
    return [_telling(value) for value in tree] if isinstance(tree, list | tuple) else tree


def _stamps(source: Source) -> Iterator[str]:
    """The files of a source that DVC does not watch.

    In a folder of the user's another one, or a change of one, is seen by its size and time; a list of images by its content.
    """
    if source.kind == "coco" and source.images is not None and (listed := Path(source.images)).is_file():
        yield sha256_of(listed)
    if source.kind != "folder":
        return
    folder = Path(source.folder)
    for path in sorted(path for part in OWN_FOLDERS for path in (folder / part).rglob("*") if path.is_file()):
        told = path.stat()
        yield f"{path.relative_to(folder).as_posix()} {told.st_size} {told.st_mtime_ns}"
