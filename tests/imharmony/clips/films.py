"""Small clips for tests."""

from pathlib import Path

from imharmony.clips.rules import ClipRules
from imharmony.clips.synthesis import synthesize_clips
from imharmony.composing.packed_clips import PackedClips, pack_clips
from tests.datasets import made

RULES = ClipRules(
    frames=4,
    moved={"train": 3, "val": 1, "test": 3},
    lit={"train": 1, "val": 1, "test": 2},
    drifting=0.5,
    least=0.3,
    grades=("photometric", "brightness"),
    turn_degrees=40.0,
    seed=0,
)
SIZE = 32


def filmed(folder: Path, *, name: str = "clips", rules: ClipRules = RULES, workers: int = 1, cluster: str | None = None) -> Path:
    """A folder of clips of drawn composites, made beside them."""
    composites = folder / "composites"
    if not composites.exists():
        composites.parent.mkdir(parents=True, exist_ok=True)
        made(folder / "made").rename(composites)
    out = folder / name
    synthesize_clips(
        composites=composites,
        out=out,
        work=folder / f"work-{name}",
        dataset="people",
        rules=rules,
        size_px=SIZE,
        workers=workers,
        cluster_address=cluster,
    )
    return out


def film(folder: Path, split: str = "test") -> PackedClips:
    """A packed split of them."""
    return pack_clips(filmed(folder), folder / "cache", split=split)
