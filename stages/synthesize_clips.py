"""Stage ``synthesize_clips``: composites -> data/P/clips/<dataset>/: their foregrounds in motion, and scenes whose light moves."""

from imharmony.clips.synthesis import synthesize_clips
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import work_folder


def main(dataset: str) -> None:
    """Makes the clips of one data set at the size that is scored."""
    params = load_params()
    places, scale = Places(params.profile), params.clip_scale
    composites = places.composites(dataset)
    synthesize_clips(
        composites=composites,
        out=places.clips(dataset),
        work=work_folder("synthesize_clips", places.fingerprint("synthesize_clips", dataset), composites / "manifest.parquet"),
        dataset=dataset,
        rules=scale.rules,
        size_px=params.active.evaluation.size_px,
        **params.machine.engine,
    )


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
