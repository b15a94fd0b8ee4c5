"""What the parameters name outside of themselves: files, folders, hardware. What is missing is said before anything runs.

A run of hours would else end in its last stage for what could be seen in its first second.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imharmony.errors import InputError
from pipeline.params.data import Dataset, Source
from pipeline.params.file import PARAMS_FILE, Params
from pipeline.params.training import Backbone
from pipeline.steps.cells import COMPOSED
from pipeline.steps.studies import read_opinions

WITHOUT_PARTS = {"folder", "matting_human", "studio_portraits"}  # kinds of sources whose photographs have no official parts
HOLDS_PHOTOGRAPHS_ALONE = "its source has photographs alone; expected a section `synthesis`"


def check_prospects(params: Params) -> None:
    """Raises an ``InputError`` that names the first thing of the active profile which a stage would not find or would refuse."""
    for name in params.sources:
        _expect_source(f"profiles.{params.profile}.sources.{name}", params.active.sources[name])
    for name in params.datasets:
        dataset = params.active.datasets[name]
        _expect_dataset(params, name, dataset, params.active.sources[dataset.source])
    if any(variant.backbone == "profile" for variant in params.drawn.values()) and params.active.backbone is not None:
        _expect_backbone(f"profiles.{params.profile}.backbone", params.active.backbone)
    if params.preprocessed or params.decomposers:
        _expect_preprocessing(params)
    if params.imported:
        _expect_imported(params)
    expect_models(params)
    if params.published or any(variant.start for variant in params.drawn.values()):
        _expect_models(params)
    read_opinions(params.studies)
    _expect_device(params)


def _expect_source(key: str, source: Source) -> None:
    for path, what in _places_of(source):
        if not path.exists():
            raise InputError(f"{PARAMS_FILE}: {key}: {path} is not there; expected {what}; bring it or name another")


def _places_of(source: Source) -> list[tuple[Path, str]]:
    """What a source reads on this machine."""
    if source.kind == "coco":
        listed = [] if source.images is None else [(Path(source.images), "a CSV file with a column image_id")]
        return [*listed, *_places_of_mirror(source.mirror)]
    if source.kind == "folder":
        return [(Path(source.folder, part), "a folder with photographs/ and masks/ in it") for part in ("photographs", "masks")]
    if source.kind == "iharmony4":
        return [(Path(source.folder, source.subset), "the folder of the subset, with its lists")]
    if source.kind == "matting_human" and source.archive is not None:
        return [(Path(source.archive), "a zip archive or the folder that it was unpacked to")]
    return []


def _places_of_mirror(mirror: str) -> list[tuple[Path, str]]:
    if "://" not in mirror:
        return [(Path(mirror).expanduser(), "the folder of a mirror")]
    if not mirror.startswith(("http://", "https://", "file://")):
        raise InputError(f"{PARAMS_FILE}: mirror is {mirror!r}; expected https://, http://, file:// or a folder")
    return []


def _expect_dataset(params: Params, name: str, dataset: Dataset, source: Source) -> None:
    key = f"{PARAMS_FILE}: profiles.{params.profile}.datasets.{name}"
    if dataset.synthesis is None and source.kind not in COMPOSED:
        raise InputError(f"{key}: {HOLDS_PHOTOGRAPHS_ALONE}")
    if dataset.split.by == "official" and not _has_parts(source):
        raise InputError(f"{key}.split: official, but its source has no parts of its own; expected by: hash, or a source that has them")


def _has_parts(source: Source) -> bool:
    """Whether a source says which photographs are to train and which to test on."""
    if source.kind == "coco":
        return set(source.splits) == {"train2017", "val2017"}
    return source.kind not in WITHOUT_PARTS


def _expect_backbone(key: str, backbone: Backbone) -> None:
    from imharmony.losses.backbones import VGG19_FILE  # loads torch
    from imharmony.storage.hub_files import missing_weights

    file = Path(backbone.file) if backbone.file else None
    if backbone.name == "vgg19" and (problem := missing_weights(VGG19_FILE, "the features of VGG-19 need", file)):
        raise InputError(f"{PARAMS_FILE}: {key}: {problem}")
    if backbone.name == "squeezenet" and file is not None and not file.is_file():
        raise InputError(f"{PARAMS_FILE}: {key}: {file} is not there; expected an .npz of SqueezeNet's weights; put it there")


def _expect_preprocessing(params: Params) -> None:
    if params.intrinsic.backend == "compphoto":
        from imharmony.intrinsic.compphoto import located

        located()


def _expect_imported(params: Params) -> None:
    from imharmony.evaluation.imported import expect_table

    for name, method in params.imported.items():
        for dataset in method.outputs:
            if (pictures := method.pictures(dataset)) is not None and not pictures.is_dir():
                came = f"imported.{name}.outputs.{dataset}: {pictures} is not there"
                raise InputError(f"{PARAMS_FILE}: {came}; expected a folder of pictures; bring it or take it out")
        for dataset, table in method.tables.items():
            key, size_px = f"imported.{name}.tables.{dataset}", params.active.evaluation.size_px
            if table.size_px != size_px:
                came = f"{key}.size_px is {table.size_px}"
                raise InputError(f"{PARAMS_FILE}: {came}; expected {size_px}, at which this profile scores: others do not compare")
            expect_table(Path(method.folder, table.file), columns=table.columns, convention=table.convention)


def _expect_models(params: Params) -> None:
    from pipeline.steps.assembly import harmonizer_of
    from pipeline.steps.published_models import load_published

    for name, model in params.published.items():
        with _named(f"published.{name}.file"):
            load_published(Path(model.file))
    for name, variant in params.drawn.items():
        if variant.start is not None:
            with _named(f"catalogue.{name}.start"):
                harmonizer_of(variant, params.active.training, seed=params.seeds[0])


@contextmanager
def _named(key: str) -> Iterator[None]:
    """Says of an error of a file which key of the parameters names it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{PARAMS_FILE}: {key}: {error}") from error


def expect_models(params: Params) -> None:
    """Raises an ``InputError`` unless the files of models that the parameters name are there. Loads nothing."""
    named = {f"published.{name}.file": model.file for name, model in params.published.items()}
    named |= {f"catalogue.{name}.start": variant.start for name, variant in params.drawn.items() if variant.start is not None}
    for key, file in named.items():
        if not Path(file).is_file():
            came = f"{PARAMS_FILE}: {key} is {file!r}"
            advice = "`harmonize models import` writes one; bring it or take the key out"
            raise InputError(f"{came}; expected a file that is there, of a training or imported; {advice}")


def _expect_device(params: Params) -> None:
    if params.machine.device == "cuda":
        from pipeline.steps.device import pick_device

        pick_device(params.machine.device)
