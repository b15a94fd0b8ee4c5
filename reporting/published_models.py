"""What the page says of models from elsewhere: whose they are and under which terms, as their files tell."""

from pathlib import Path
from typing import NamedTuple

from imharmony.storage.headers import told_by
from pipeline.params.file import Params


class ModelFacts(NamedTuple):
    """A model from elsewhere in words; those of its origin are None where the file does not say, as of one trained by this pipeline."""

    network: str
    size_px: str
    paper: str | None
    licence: str | None
    commercial_use: str | None
    repository: str | None


def published_models(params: Params) -> dict[str, ModelFacts]:
    """Each entry of ``published`` by its name."""
    return {name: _facts(Path(model.file), model.network or "") for name, model in params.published.items()}


def _facts(path: Path, network: str) -> ModelFacts:
    told = [told_by(path, "published", key) for key in ("paper", "licence", "commercial_use", "repository")]
    return ModelFacts(network, str(told_by(path, "size_px")), *(None if each is None else str(each) for each in told))
