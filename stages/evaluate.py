"""Stage ``evaluate``: one trained harmonizer + the test photographs -> scores/<profile>/<variant>/<seed>.parquet and .json."""

from imharmony.checkpoint import load_harmonizer
from imharmony.evaluation.scoring import learned
from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Layout
from pipeline.steps.preprocessed import input_of
from pipeline.steps.scores import write_scores


def main(variant: str, seed: int) -> None:
    """Scores one run on the test split of every data set."""
    params = load_params()
    layout = Layout(params.profile)
    params.variant(variant)  # a name that params.yaml does not have ends here
    given = input_of(layout, variant)
    for dataset in params.datasets:
        given.folder(layout, dataset)  # other pictures than those that were assigned end here
    harmonizer, _ = load_harmonizer(layout.run(variant, seed) / "model.safetensors")
    harmonize = learned(harmonizer, device=device_of(params))
    write_scores(params, layout, harmonize, method=variant, seed=seed, given=given.input)


if __name__ == "__main__":
    run_stage(main, __doc__, {"variant": str, "seed": int})
