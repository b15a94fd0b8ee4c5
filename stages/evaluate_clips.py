"""Stage ``evaluate_clips``: methods, test clips -> features/P/clips/<dataset>/: ``judged.parquet`` and pictures."""

from imharmony.clips.judging import JUDGED, judged_clips
from imharmony.clips.pictures import write_clips
from imharmony.running.engine import engine
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from pipeline.steps.clips import clip_methods, packed_clips
from pipeline.steps.device import device_of, gpus_of
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places

WORTH_A_PROCESS = 128  # clips: another process takes seconds to begin


def main(dataset: str) -> None:
    """Scores the test clips of one data set, frame by frame and from frame to frame."""
    params = load_params()
    places = Places(params.profile)
    device = device_of(params)
    methods, split = clip_methods(params, places, dataset, device=device), packed_clips(params, places, dataset, "test")
    worth = split.clips // WORTH_A_PROCESS
    with engine(params.machine.cluster, workers=params.machine.processes, worth=worth, gpus=gpus_of(device)) as run:
        rows = judged_clips(split, methods, dataset=dataset, run=run)
    with atomic_folder(places.judged_clips(dataset)) as out:
        write_rows(out / "judged.parquet", rows, JUDGED)
        write_clips(out / "pictures", split, methods, dataset=dataset)


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
