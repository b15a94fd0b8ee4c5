"""Clips, and the harmonizers that are judged on them."""

import torch

from imharmony.checkpoint import load_harmonizer
from imharmony.clips.judging import UNTOUCHED
from imharmony.clips.methods import ClipMethod, Learned, Reinhard, Untouched
from imharmony.composing.packed_clips import PackedClips, pack_clips
from pipeline.params.file import Params
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.work_folders import work_folder


def packed_clips(params: Params, places: Places, dataset: str, split: str) -> PackedClips:
    """One split of a data set's clips, from the cache under ``.work/`` or packed now."""
    folder = places.clips(dataset)
    cache = work_folder("pack_clips", places.fingerprint("pack_clips"), folder / "manifest.parquet")
    return pack_clips(folder, cache, split=split, **params.machine.engine)


def clip_methods(params: Params, places: Places, dataset: str, *, device: torch.device) -> dict[str, ClipMethod]:
    """What is judged on a data set's clips: the composite, a classical method, what learned from stills, and what learned from clips."""
    videos = {name: video for name, video in params.videos.items() if video.clips == dataset}
    stills = dict.fromkeys(video.harmonizer for video in videos.values())
    files = {name: places.run(name, params.seeds[0]) / MODEL for name in stills} | {name: places.video(name) / MODEL for name in videos}
    learned: dict[str, ClipMethod] = {name: Learned(load_harmonizer(file)[0].to(device), device) for name, file in files.items()}
    return {UNTOUCHED: Untouched(), "reinhard": Reinhard()} | learned
