"""How harmonizers learn from clips."""

from dataclasses import replace

from imharmony.training.loop import Recipe
from imharmony.training.rules import ClipTraining
from pipeline.params.file import Params
from pipeline.params.videos import Video
from pipeline.steps.assembly import recipe_of


def video_recipe(params: Params, video: Video) -> Recipe:
    """How the variant is trained, on clips: without fresh composites or crops, at its own rate, for the profile's epochs."""
    own = recipe_of(params.variant(video.harmonizer), params.active.training, seed=video.seed)
    return replace(
        own,
        learning_rate=video.learning_rate,
        batch_size=video.batch_size,
        epochs=params.clip_scale.epochs,
        augment=(),
        resynthesis=None,
        points=None,
        clips=ClipTraining(params.clip_scale.pairs),
        accumulate=1,
        patience=None,
        counts_start=False,
    )
