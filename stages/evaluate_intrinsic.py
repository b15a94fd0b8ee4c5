"""Stage ``evaluate_intrinsic``: the semi-harmonized test photographs themselves -> scores/P/intrinsic/0.parquet and .json."""

from imharmony.baselines.identity import identity
from pipeline.params.file import load_params
from pipeline.params.training import INTRINSIC
from pipeline.steps.device import set_threads
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.scores import write_scores


def main(photographs: str) -> None:
    """Scores the preprocessing that learned from these photographs as if it were a method, on the test split of every data set."""
    params = load_params()
    set_threads(params)
    places = Places(params.profile)
    code = places.fingerprint("evaluate_intrinsic", photographs)
    write_scores(params, places, identity, method=INTRINSIC, seed=0, code=code, given=INTRINSIC)


if __name__ == "__main__":
    run_stage(main, __doc__, {"photographs": str})
