"""Every cell of the graph: what its stage runs, which of the library's choices it names, and the parameters that it reads.

This is all that ``params.yaml`` and the code decide about a cell; what it reads beside that, ``dvc.yaml`` says.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imharmony.storage.files import sha256_of
from pipeline.params.blind import NO_HARMONIZER, BlindSystem, Detector
from pipeline.params.data import Source
from pipeline.params.file import Params
from pipeline.params.intrinsic import Intrinsic
from pipeline.params.realism import RealismJudges
from pipeline.params.training import COMPOSITE, INTRINSIC, Variant
from pipeline.steps.cell import Cell, Table, cell_of, plain
from pipeline.steps.choices import (
    BASELINES,
    DECOMPOSITIONS,
    MATTING,
    SOURCES,
    TRANSFERS,
    choices_of,
    generators_of,
    networks_of,
)
from pipeline.steps.clip_cells import clip_cells
from pipeline.steps.paths import STUDIES

OWN_DECOMPOSITIONS = {"luminance", "retinex"}  # back ends that are entries of that table
TRANSPORT = {"parallel", "attempts", "timeout_seconds"}  # of a source: how it is fetched, not what
COMPOSED = {"iharmony4"}  # kinds of sources that have composites of their own
OWN_FOLDERS = ("photographs", "masks")  # of a source that is a folder of the user's


def cells_of(params: Params) -> Iterator[Cell]:
    """All cells of the active profile."""
    yield from _data_cells(params)
    yield from _network_cells(params)
    yield from _score_cells(params)
    yield from _blind_cells(params)
    yield from _matting_cells(params)
    yield from clip_cells(params)
    yield cell_of("report", "", _of_report(params), networks_of(params, *params.variants, models=params.published))
    # No stages: what is kept under .work/ for several stages or runs.
    yield cell_of("pack", "", {}, entry=("imharmony.composing.packed_split", "pack_split"))
    yield cell_of("statistics", "", {}, entry=("reporting.statistics", "statistics_of"))
    if params.trimaps:
        yield cell_of("pack_portraits", "", {}, entry=("imharmony.matting.portraits", "pack_portraits"))
        yield cell_of("pack_things", "", {}, entry=("imharmony.matting.things", "pack_things"))
    if params.clips:
        yield cell_of("pack_clips", "", {}, entry=("imharmony.composing.packed_clips", "pack_clips"))
    yield cell_of("pictures", "", {}, entry=("reporting.pictures", "kept_pictures"))


def _data_cells(params: Params) -> Iterator[Cell]:
    profile = params.active
    for name in params.sources:
        source = profile.sources[name]
        values = {"source": plain(source, leave_out=TRANSPORT), "files": list(_stamps(source))}
        yield cell_of("download_annotations", name, values, {SOURCES: {source.kind}})
    for name in params.datasets:
        dataset = profile.datasets[name]
        source = profile.sources[dataset.source]
        described = plain(source, leave_out=TRANSPORT)
        kind: dict[Table, set[str]] = {SOURCES: {source.kind}}
        rules = {"source": dataset.source, "selection": dataset.selection, "split": dataset.split}
        yield cell_of("filter_masks", name, rules)
        yield cell_of("download_images", name, {"source": described}, kind)
        has_own = dataset.synthesis is None or source.kind in COMPOSED
        made = {"source": described} if has_own else {"synthesis": dataset.synthesis}
        transfers = set(dataset.synthesis.transfers) if dataset.synthesis else set()
        yield cell_of("synthesize_composites", name, made, kind | {TRANSFERS: transfers})
    read = {name: _of_names(params, variant) for name, variant in params.catalogue.items()}
    yield cell_of("name_data", "", {"variants": read, "given": {kind: params.given(kind) for kind in (COMPOSITE, INTRINSIC)}})


def _of_names(params: Params, variant: Variant) -> dict[str, Any]:
    looks_through = variant.backbone == "profile" and bool(params.classifiers)
    return {"input": variant.input, "dataset": params.mixture_of(variant), "looks_through": looks_through}


def _network_cells(params: Params) -> Iterator[Cell]:
    profile, threads = params.active, params.active.threads
    for name in params.classifiers:
        values = {"classifier": params.classifier, "backbone": profile.backbone, "size_px": profile.training.size_px, "threads": threads}
        yield cell_of("train_classifier", name, values)
    if params.decomposers or params.preprocessed:
        yield from _preprocessing_cells(params, params.intrinsic)
    for name, variant in params.drawn.items():
        yield cell_of("train", name, {**_of_training(params, variant), "seeds": params.seeds, "threads": threads}, choices_of(variant))


def _of_training(params: Params, variant: Variant) -> dict[str, Any]:
    """A variant and how it is trained; what its paper or the profile says of that and is not done here changes nothing, nor its form."""
    settled = {"epochs", "batch_size", "augment"}
    return {
        "variant": plain(variant, leave_out={"form", "protocol", "epochs_factor"}),
        "trained_on": params.trained_on(variant.dataset),
        "regime": params.active.training.regime_of(variant),
        "training": plain(params.active.training, leave_out=settled),
    } | ({"start": _content(variant.start)} if variant.start else {})


def _preprocessing_cells(params: Params, chosen: Intrinsic) -> Iterator[Cell]:
    # What the stages ask the section: how it answers is code of the parameters', which counts in no stage.
    shading, edits, networks = ({name: getattr(chosen, name)} for name in ("has_shading_network", "has_edit_network", "has_networks"))
    own: dict[Table, set[str]] = {DECOMPOSITIONS: {chosen.backend} & OWN_DECOMPOSITIONS}
    for name in params.decomposers:
        learned = {"backend": chosen.backend, "seed": chosen.seed, "threads": params.active.threads} | shading
        yield cell_of("train_shading", name, learned | {"network": chosen.shading_network})
        yield cell_of("train_edits", name, learned | {"edits": chosen.edits, "network": chosen.edit_network} | edits | networks, own)
    for name in params.preprocessed:
        asked = {"splits": params.preprocessed_splits(name)}
        yield cell_of("preprocess_intrinsic", name, chosen.of_pictures | networks | asked, own)


def _score_cells(params: Params) -> Iterator[Cell]:
    evaluation = params.active.evaluation
    values = {"size_px": evaluation.size_px, "lpips": evaluation.lpips, "datasets": params.datasets, "threads": params.active.threads}
    for name, variant in params.drawn.items():
        given = {"input": variant.input, "seeds": params.seeds}
        yield cell_of("evaluate", name, values | given, networks_of(params, name))
    for name in params.baselines:
        yield cell_of("evaluate_baselines", name, values, {BASELINES: {name}})
    for name in params.decomposers:
        yield cell_of("evaluate_intrinsic", name, values)
    for name, judges in params.judges.items():
        yield from _realism_cells(params, name, judges)
    for name, model in params.published.items():
        yield cell_of("evaluate_published", name, values | {"file": model.file}, generators_of(model.network))
    for name, method in params.imported.items():
        folders = {dataset: str(method.pictures(dataset)) for dataset in method.datasets}
        yield cell_of("import_scores", name, values | {"method": method, "folders": folders})


def _realism_cells(params: Params, name: str, judges: RealismJudges) -> Iterator[Cell]:
    size_px, threads = params.active.evaluation.size_px, params.active.threads
    sources = {dataset: params.active.datasets[dataset].source for dataset in params.datasets}
    learned = {"datasets": judges.datasets, "sources": sources, "size_px": size_px, "seed": judges.seed, "photographs": judges.photographs}
    database = {"bins": judges.bins, "textons": judges.textons, "neighbours": judges.neighbours}
    yield cell_of("build_colour_database", name, learned | database)
    yield cell_of("train_realism", name, learned | {"critic": judges.critic, "threads": threads})
    yield cell_of("evaluate_realism", name, {"datasets": params.datasets, "size_px": size_px, "threads": threads})


def _blind_cells(params: Params) -> Iterator[Cell]:
    """Detectors see what they are taught on at the size of training; systems are taught and scored at the size that is scored."""
    for name, detector in params.detectors.items():
        yield cell_of("train_detector", name, _of_detector(params, detector))
    for name, system in params.blind.items():
        generators = networks_of(params, *({system.harmonizer} - {NO_HARMONIZER}))
        yield cell_of("train_blind", name, _of_system(params, system), generators)
        evaluation = {"size_px": params.active.evaluation.size_px, "lpips": params.active.evaluation.lpips, "datasets": system.datasets}
        scale = {
            "offsets": params.blind_scale.offsets,
            "threads": params.active.threads,
            "thresholds": _file(params.detector(system.detector)),
        }
        yield cell_of("evaluate_blind", name, evaluation | scale, generators)


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
    return None if detector.thresholds is None else _content(detector.thresholds)


def _content(path: str) -> str:
    """A file of the user's by what is in it; one that is not there by its name."""
    return sha256_of(Path(path)) if Path(path).is_file() else path


def _matting_cells(params: Params) -> Iterator[Cell]:
    """Portraits are cut out, and harmonized, at the size that is scored."""
    seen = {"size_px": params.active.evaluation.size_px, "threads": params.active.threads}
    made = {name: params.active.datasets[name].synthesis for name in params.trimaps}
    recolouring = {TRANSFERS: {transfer for synthesis in made.values() if synthesis for transfer in synthesis.transfers}}
    cutting = {MATTING: {each.network.name for each in params.matting.values()}}
    mending = networks_of(params, *(each.harmonizer for each in params.joint.values()))
    systems = {"matting": list(params.matting), "joint": list(params.joint)}
    for name in params.trimaps:
        scale = params.matting_scale
        yield cell_of("make_trimaps", name, {"unknown": scale.unknown})
        yield cell_of("evaluate_matting", name, seen | systems, recolouring | cutting | mending)
        backgrounds = {"composed": scale.composed, "backgrounds": _listed(scale.backgrounds), "variants": params.harmonizing(name)}
        drawn = networks_of(params, *(each.harmonizer for each in params.joint.values()), *params.harmonizing(name))
        yield cell_of("compose_portraits", name, seen | systems | backgrounds, recolouring | cutting | drawn | {BASELINES: {"xue"}})
    for name, network in params.matting.items():
        scale = params.matting_scale
        steps = {key: getattr(scale, key) for key in ("width_factor", "things", "places", "pretraining_steps", "finetuning_steps")}
        yield cell_of("train_matting", name, seen | steps | {"network": network}, recolouring | {MATTING: {network.network.name}})
    for name, system in params.joint.items():
        values = {"system": system, "dataset": params.joint_dataset(name), "seed": params.seeds[0]}
        yield cell_of("train_joint", name, seen | values | {"steps": params.matting_scale.joint_steps}, recolouring | cutting | mending)


def _of_report(params: Params) -> dict[str, Any]:
    read = {
        "profile",
        "baselines",
        "datasets",
        "decomposers",
        "preprocessed",
        "seeds",
        "imported",
        "judges",
        "detectors",
        "blind",
        "trimaps",
        "matting",
        "joint",
        "clips",
        "videos",
    }
    opinions = {name: sha256_of(path) for name in params.studies if (path := STUDIES / f"{name}.parquet").is_file()}
    return {name: getattr(params, name) for name in sorted(read)} | {
        "variants": params.drawn,
        "active": params.active,
        "studies": params.studies,
        "opinions": opinions,
        "published": {name: _content(model.file) for name, model in params.published.items()},  # the page says what the files tell
    }


def _listed(folder: str | None) -> list[str]:
    """A folder of the user's as its files, each with size and time; none where there is no folder."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file()) if folder else []
    return [_stamp_of(path, Path(folder or "")) for path in files]


def _stamp_of(path: Path, folder: Path) -> str:
    told = path.stat()
    return f"{path.relative_to(folder).as_posix()} {told.st_size} {told.st_mtime_ns}"


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
        yield _stamp_of(path, folder)
