"""Portraits with all that their composites are made of, and things to be pretrained on: packed once per size, shared by all stages."""

from imharmony.composing.regions import RegionRules
from imharmony.composing.rules import ReferenceRules
from imharmony.errors import InputError
from imharmony.matting.layers import LayerMaker
from imharmony.matting.portraits import Portraits, pack_portraits
from imharmony.matting.stored_trimaps import TABLE, StoredTrimaps
from imharmony.matting.things import Things, pack_things
from pipeline.params.file import Params
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import work_folder


def packed_portraits(params: Params, places: Places, dataset: str, split: str, *, with_trimaps: bool = False) -> Portraits:
    """One split of a data set at the size that is scored, from the cache under ``.work/`` or packed now."""
    size_px, composites = params.active.evaluation.size_px, places.composites(dataset)
    synthesis = params.dataset(dataset).synthesis
    if synthesis is None:
        raise InputError(f"data set {dataset}: its composites are another's; expected `synthesis`, by which its layers are made again")
    inputs = (places.fingerprint("pack_portraits"), composites / "manifest.parquet", synthesis, size_px)
    rules = RegionRules(synthesis.direction, synthesis.plate)
    maker = LayerMaker(composites, places.images(dataset), rules, synthesis.references or ReferenceRules())
    trimaps = StoredTrimaps(places.trimaps(dataset)).folder if with_trimaps else None  # read first, or what lacks would be no one line
    cache = work_folder("portraits", *inputs, *((trimaps / TABLE,) if trimaps else ()))
    return pack_portraits(maker, composites, cache, split=split, size_px=size_px, trimaps=trimaps, **params.machine.engine)


def packed_things(params: Params, places: Places, seed: int) -> Things:
    """The profile's number of rendered things and places at the size that is scored, from the cache or rendered now."""
    scale = params.matting_scale
    return pack_things(
        work_folder("things", places.fingerprint("pack_things")),
        things=scale.things,
        places=scale.places,
        size_px=params.active.evaluation.size_px,
        seed=seed,
        **params.machine.engine,
    )
