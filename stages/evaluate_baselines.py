"""Stage ``evaluate_baselines``: a method that is not trained + the test photographs -> scores/<profile>/<baseline>/0.parquet and .json."""

from imharmony.baselines import BASELINES
from imharmony.errors import InputError
from pipeline.params.file import load_params
from pipeline.steps.device import set_threads
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.scores import write_scores


def main(baseline: str) -> None:
    """Scores one baseline on the test split of every data set."""
    params = load_params()
    if baseline not in BASELINES:
        raise InputError(f"baseline is {baseline!r}; expected one of {sorted(BASELINES)}")
    set_threads(params)
    places = Places(params.profile)
    write_scores(params, places, BASELINES[baseline], method=baseline, seed=0, code=places.fingerprint("evaluate_baselines", baseline))


if __name__ == "__main__":
    run_stage(main, __doc__, {"baseline": str})
