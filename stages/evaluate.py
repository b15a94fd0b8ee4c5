"""Stage ``evaluate``: a variant's trained harmonizers + the test photographs -> scores/<profile>/<variant>/<seed>.parquet and .json."""

from imharmony.checkpoint import load_harmonizer
from imharmony.storage.files import sha256_of
from pipeline.params.file import load_params
from pipeline.steps.device import device_of, gpus_of
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.scores import write_scores
from pipeline.steps.trained_method import TrainedMethod


def main(variant: str) -> None:
    """Scores each seed's run on the test split of every data set."""
    params = load_params()
    places = Places(params.profile)
    spec, code, gpus = params.variant(variant), places.fingerprint("evaluate", variant), gpus_of(device_of(params))
    for seed in params.seeds:
        path = places.run(variant, seed) / MODEL
        _, facts = load_harmonizer(path)
        learned_from = {"trained_on": facts.get("dataset"), "stands_in_for": facts.get("stands_in_for")}
        method = TrainedMethod(path.resolve(), sha256_of(path), params.machine.device)
        shared = {"given": spec.input, "learned_from": learned_from, "weights": method.sha256, "gpus": gpus}
        write_scores(params, places, method, method=variant, seed=seed, code=code, **shared)


if __name__ == "__main__":
    run_stage(main, __doc__, {"variant": str})
