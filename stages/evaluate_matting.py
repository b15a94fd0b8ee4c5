"""Stage ``evaluate_matting``: all mattes of test portraits, and pictures harmonized by them -> features/P/mattes/<dataset>/judged/."""

from imharmony.matting.evaluation import judge_portraits, write_strips
from imharmony.matting.harmonized import HARMONIZED, harmonized_portraits
from imharmony.matting.judging import JUDGED
from imharmony.matting.stored_trimaps import StoredTrimaps
from imharmony.running.engine import engine
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from pipeline.steps.device import device_of, gpus_of
from pipeline.steps.entry import run_stage
from pipeline.steps.matting import joint_systems, methods_of
from pipeline.steps.paths import Places
from pipeline.steps.portraits import packed_portraits

WORTH_A_PROCESS = 256  # composites of portraits: another process takes seconds to begin


def main(dataset: str) -> None:
    """Each portrait once by each method; each composite by each joint system."""
    params = load_params()
    places, device = Places(params.profile), device_of(params)
    portraits = packed_portraits(params, places, dataset, "test", with_trimaps=True)
    composites, stored = places.composites(dataset), StoredTrimaps(places.trimaps(dataset))
    systems = joint_systems(params, places, dataset)
    methods = methods_of(params, places, dataset, systems, device=device)
    worth = len(portraits) // WORTH_A_PROCESS
    with engine(params.machine.cluster, workers=params.machine.processes, worth=worth, gpus=gpus_of(device)) as run:
        judged = judge_portraits(portraits, composites, stored, methods, dataset=dataset, run=run)
        harmonized = [
            row
            for name, system in systems.items()
            for row in harmonized_portraits(portraits, system, name=name, dataset=dataset, device=device, run=run)
        ]
    with atomic_folder(places.mattes(dataset, "judged")) as out:
        write_rows(out / "mattes.parquet", judged, JUDGED)
        write_rows(out / "harmonized.parquet", harmonized, HARMONIZED)
        write_strips(out / "pictures", portraits, composites, stored, methods, most=params.active.evaluation.gallery)


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
