"""Stage ``evaluate``: a variant's trained harmonizers + the test photographs -> scores/<profile>/<variant>/<seed>.parquet and .json."""

from imharmony.checkpoint import load_harmonizer
from imharmony.evaluation.scoring import learned
from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.scores import write_scores


def main(variant: str) -> None:
    """Scores each seed's run on the test split of every data set."""
    params = load_params()
    places = Places(params.profile)
    spec, code = params.variant(variant), places.fingerprint("evaluate", variant)
    for seed in params.seeds:
        harmonizer, facts = load_harmonizer(places.run(variant, seed) / MODEL)
        harmonize = learned(harmonizer, device=device_of(params))
        learned_from = {"trained_on": facts.get("dataset"), "stands_in_for": facts.get("stands_in_for")}
        write_scores(params, places, harmonize, method=variant, seed=seed, code=code, given=spec.input, learned_from=learned_from)


if __name__ == "__main__":
    run_stage(main, __doc__, {"variant": str})
