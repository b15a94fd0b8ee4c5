"""Stage ``train_video``: a variant's trained harmonizer, clips -> features/P/videos/<video>/: the same network, taught further."""

import json
from dataclasses import replace

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.composing.packed_split import data_hash
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_csv, write_table
from imharmony.training.clip_batches import between_frames
from imharmony.training.loop import fit, resolve_precision
from imharmony.training.participants import TemporalTerm
from imharmony.training.state import best_row, epochs_of, history_table
from pipeline.params.file import load_params
from pipeline.steps.assembly import critic_of, objective_of
from pipeline.steps.clips import packed_clips
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.video_training import video_recipe
from pipeline.steps.work_folders import work_folder


def main(name: str) -> None:
    """Teaches it on pairs of frames; a killed run goes on where it stood and ends in the same file."""
    params = load_params()
    video, places, device = params.video(name), Places(params.profile), device_of(params)
    spec, training = params.variant(video.harmonizer), params.active.training
    start, clips, code = (
        places.run(video.harmonizer, params.seeds[0]) / MODEL,
        places.clips(video.clips),
        places.fingerprint("train_video", name),
    )
    harmonizer, told = load_harmonizer(start)
    history = fit(
        harmonizer=harmonizer,
        train=packed_clips(params, places, video.clips, "train"),
        val=packed_clips(params, places, video.clips, "val"),
        objective=replace(objective_of(spec, harmonizer, device=device), temporal=TemporalTerm(between_frames, video.temporal)),
        critic=critic_of(spec, training, seed=video.seed),
        recipe=video_recipe(params, video),
        device=device,
        folder=work_folder("train_video", code, clips / "manifest.parquet", start),
        on_epoch=lambda _row: None,
    )
    facts = {"variant": name, "dataset": video.clips, "data_hash": data_hash(clips), "seed": str(video.seed)}
    facts |= {"size_px": str(params.active.evaluation.size_px), "precision": resolve_precision(training.precision, device)}
    facts |= {"epochs": str(epochs_of(history)), "best_epoch": json.dumps(best_row(history)), **facts_of(code)}
    with atomic_folder(places.video(name)) as out:
        save_harmonizer(out / MODEL, harmonizer, told["architecture"], facts)
        write_table(out / "history.parquet", history_table(history))
        write_csv(out / "history.csv", history_table(history))


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
