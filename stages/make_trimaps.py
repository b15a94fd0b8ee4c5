"""Stage ``make_trimaps``: composites of portraits -> data/P/trimaps/<dataset>/: a trimap of each portrait that is not trained on."""

from imharmony.matting.stored_trimaps import make_trimaps
from imharmony.running.engine import engine
from imharmony.storage.streams import count_rows
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import work_folder

WORTH_A_PROCESS = 1024  # composites of portraits: another process takes seconds to begin


def main(dataset: str) -> None:
    """All have one width, which leaves the profile's share unknown on the split ``val``."""
    params = load_params()
    places = Places(params.profile)
    params.dataset(dataset)
    composites = places.composites(dataset)
    manifest = composites / "manifest.parquet"
    work = work_folder("make_trimaps", places.fingerprint("make_trimaps", dataset), manifest)
    with engine(params.machine.cluster, workers=params.machine.processes, worth=count_rows(manifest) // WORTH_A_PROCESS) as run:
        make_trimaps(composites, places.trimaps(dataset), work=work, unknown=params.matting_scale.unknown, run=run)


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
