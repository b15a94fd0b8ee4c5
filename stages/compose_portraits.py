"""Stage ``compose_portraits``: joint systems, new backgrounds -> features/P/mattes/<dataset>/composed/: pictures for page and study."""

from pathlib import Path

from imharmony.baselines import BASELINES
from imharmony.checkpoint import load_harmonizer
from imharmony.composing.composites import pixels_sha256
from imharmony.evaluation.methods import NetworkMethod
from imharmony.matting.composing import COMPOSED, compose_portraits
from imharmony.matting.places import places_of
from imharmony.matting.stored_trimaps import TABLE
from imharmony.running.engine import engine
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from pipeline.steps.device import device_of, gpus_of
from pipeline.steps.entry import run_stage
from pipeline.steps.matting import XUE, joint_systems
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.portraits import packed_portraits
from pipeline.steps.work_folders import work_folder

WORTH_A_PROCESS = 64  # portraits: another process takes seconds to begin


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
    models = [places.joint(name) / MODEL for name in systems] + [places.run(name, params.seeds[0]) / MODEL for name in harmonizers]
    tables = [places.composites(dataset) / "manifest.parquet", places.trimaps(dataset) / TABLE]
    on = "cluster" if params.machine.cluster else device.type
    drawn = [(place.name, pixels_sha256(place.picture)) for place in new]
    work = work_folder("compose_portraits", places.fingerprint("compose_portraits", dataset), on, drawn, *models, *tables)
    gpus = gpus_of(device)
    with (
        engine(params.machine.cluster, workers=params.machine.processes, worth=len(new) // WORTH_A_PROCESS, gpus=gpus) as run,
        atomic_folder(places.mattes(dataset, "composed")) as out,
    ):
        told = {"work": work, "dataset": dataset, "device": device, "run": run}
        rows = compose_portraits(out, portraits, systems, others, new, **told) if systems else []
        write_rows(out / "composed.parquet", rows, COMPOSED)


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
