"""Stage ``evaluate``: one trained harmonizer + the test photographs -> scores/<profile>/<variant>/<seed>.parquet and .json."""

from harmonization.checkpoint import load_harmonizer
from harmonization.errors import InputError
from harmonization.scoring import learned
from pipeline.device import pick_device
from pipeline.evaluation import write_scores
from pipeline.layout import Layout
from pipeline.params import load_params
from pipeline.stage import run_stage


def main(variant: str, seed: int) -> None:
    """Scores one run on the test split of every data set."""
    params = load_params()
    layout = Layout(params.profile)
    if variant not in params.variants:
        raise InputError(f"variant is {variant!r}; expected one of {sorted(params.variants)}, as params.yaml lists them")
    harmonizer, _ = load_harmonizer(layout.run(variant, seed) / "model.safetensors")
    harmonize = learned(harmonizer, device=pick_device(params.machine.device))
    write_scores(params, layout, harmonize, method=variant, seed=seed)


if __name__ == "__main__":
    run_stage(main, __doc__, {"variant": str, "seed": int})
