"""Stage ``evaluate_published``: a model from elsewhere + the test photographs -> scores/<profile>/<name>/0.parquet and .json."""

from pathlib import Path

from imharmony.storage.files import sha256_of
from pipeline.params.file import load_params
from pipeline.steps.device import device_of, gpus_of
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.published_models import PublishedMethod, load_published
from pipeline.steps.scores import write_scores


def main(name: str) -> None:
    """Scores one entry of ``published`` on the test split of every data set; its network sees the pictures at its own size."""
    params = load_params()
    places, path, gpus = Places(params.profile), Path(params.published_model(name).file), gpus_of(device_of(params))
    load_published(path)  # what is wrong with it is said before anything is begun
    method = PublishedMethod(path.resolve(), sha256_of(path), params.machine.device)
    code = places.fingerprint("evaluate_published", name)
    write_scores(params, places, method, method=name, seed=0, code=code, weights=method.sha256, gpus=gpus)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
