"""Stage ``import_scores``: pictures or tables that others made + the test photographs -> scores/<profile>/<name>/0.parquet and .json."""

from pipeline.params.file import load_params
from pipeline.steps.device import set_threads
from pipeline.steps.entry import run_stage
from pipeline.steps.imported_scores import write_imported_scores
from pipeline.steps.paths import Places


def main(name: str) -> None:
    """Scores or reads one entry of ``imported``, on the test split of the data sets that it has."""
    params = load_params()
    set_threads(params)
    write_imported_scores(params, Places(params.profile), name)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
