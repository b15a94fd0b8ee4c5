"""Stage ``evaluate_published``: a model from elsewhere + the test photographs -> scores/<profile>/<name>/0.parquet and .json."""

from pathlib import Path

from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.published_models import published_method
from pipeline.steps.scores import write_scores


def main(name: str) -> None:
    """Scores one entry of ``published`` on the test split of every data set; its network sees the pictures at its own size."""
    params = load_params()
    harmonize = published_method(Path(params.published_model(name).file), device=device_of(params))
    places = Places(params.profile)
    write_scores(params, places, harmonize, method=name, seed=0, code=places.fingerprint("evaluate_published", name))


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
