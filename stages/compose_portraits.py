"""Stage ``compose_portraits``: joint systems, new backgrounds -> features/P/mattes/<dataset>/composed/: pictures for page and study."""

from pathlib import Path

from imharmony.baselines import BASELINES
from imharmony.checkpoint import load_harmonizer
from imharmony.evaluation.methods import NetworkMethod
from imharmony.matting.composing import COMPOSED, compose_portraits
from imharmony.matting.places import places_of
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.matting import XUE, joint_systems
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.portraits import packed_portraits


def main(dataset: str) -> None:
    """The first test portraits; beside the systems harmonizers that learned from the same composites, and report 004's baseline."""
    params = load_params()
    places, device, scale = Places(params.profile), device_of(params), params.matting_scale
    portraits = packed_portraits(params, places, dataset, "test", with_trimaps=True)
    systems = joint_systems(params, places, dataset)
    harmonizers = {name: load_harmonizer(places.run(name, params.seeds[0]) / MODEL)[0] for name in params.harmonizing(dataset)}
    others = {XUE: BASELINES[XUE]} | {name: NetworkMethod(each, device=device) for name, each in harmonizers.items()}
    folder = None if scale.backgrounds is None else Path(scale.backgrounds)
    new = places_of(folder, scale.composed, size_px=portraits.size_px, seed=params.seeds[0])
    with atomic_folder(places.mattes(dataset, "composed")) as out:
        rows = compose_portraits(out, portraits, systems, others, new, dataset=dataset, device=device) if systems else []
        write_rows(out / "composed.parquet", rows, COMPOSED)


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
