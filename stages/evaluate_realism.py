"""Stage ``evaluate_realism``: test pictures, database, critic -> features/P/realism/<judges>/judged/: each picture's scores."""

from imharmony.realism.critic import load_critic
from imharmony.realism.database import load_database
from imharmony.realism.judging import JUDGED, Judges
from imharmony.realism.splits import judged_split
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from pipeline.steps.device import set_threads
from pipeline.steps.entry import run_stage
from pipeline.steps.packing import packed
from pipeline.steps.paths import DATABASE, MODEL, Places


def main(name: str) -> None:
    """Judges the composites of the split ``test`` of every data set, and the photographs that they were made of."""
    params = load_params()
    set_threads(params)
    places, size_px = Places(params.profile), params.active.evaluation.size_px
    critic, critic_px, _ = load_critic(places.realism(name, "critic") / MODEL)
    judges = Judges(load_database(places.realism(name, "database") / DATABASE)[0], (critic, critic_px))
    rows = [
        row for dataset in params.scored for row in judged_split(packed(params, places, dataset, "test", size_px), judges, dataset=dataset)
    ]
    with atomic_folder(places.realism(name, "judged")) as out:
        write_rows(out / "judged.parquet", rows, JUDGED)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
