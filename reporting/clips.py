"""The report's part on video, report 000's future work: what ``evaluate_clips`` left of each entry of ``clips``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from PIL import Image

from imharmony.clips import summary
from imharmony.clips.drawn import KINDS
from imharmony.clips.judging import JUDGED, MEASURES, TRUTH, UNTOUCHED
from imharmony.clips.methods import NONE
from imharmony.clips.summary import ALL_KINDS, Way
from imharmony.pictures.images import decode_png
from imharmony.storage.shards import Row
from imharmony.storage.tables import read_typed
from pipeline.params.file import Params
from pipeline.params.videos import twin_of
from pipeline.steps.paths import Places
from reporting.claims import side
from reporting.gallery import data_uri

FRAME_MS = 120  # of the loops on the page: slower than they were filmed, to be looked at
QUALITY = 80
FILTERED = {
    "below": "lowers its flicker",
    "above": "raises its flicker",
    "astride": "changes its flicker by nothing that is told from chance",
    "unknown": "was seen on too few photographs to tell",
}
LABELS = {"fmse": "fMSE", "psnr": "PSNR", "tl": "temporal loss", "flicker": "flicker"}
WORDS = {NONE: "frame by frame", "exponential": "filtered, as it comes", "both_ways": "filtered, both ways"}


class ClipRun(NamedTuple):
    """By data set: rows of ``JUDGED``, and the folder of pictures."""

    judged: dict[str, pa.Table]
    pictures: dict[str, Path]


@dataclass(frozen=True)
class Loop:
    """A test clip of all methods side by side, repeated for ever, as a data URI."""

    name: str
    uri: str


@dataclass(frozen=True)
class ClipDataset:
    """The clips of one data set."""

    name: str
    kinds: dict[str, int]  # and how many clips there are of each
    means: list[dict[str, Row]]  # by measure, of all clips: method by method
    pairs: list[dict[str, Row]]  # by measure, as the template's ``change`` has them
    says: list[str]
    columns: list[str]
    loops: list[Loop]


@dataclass(frozen=True)
class ClipSection:
    """What the page says of video."""

    videos: dict[str, Row]
    kinds: Mapping[str, str]
    measures: Mapping[str, str]  # by their labels
    words: Mapping[str, str]
    datasets: list[ClipDataset]


def read_clips(params: Params, places: Places) -> ClipRun:
    """Reads what was left of each entry of ``clips``."""
    folders = {name: places.judged_clips(name) for name in params.clips}
    filled = ["dataset", "sample_id", "image_id", "kind", "method", "smoothing", "fmse"]
    judged = {name: read_typed(folder / "judged.parquet", JUDGED, filled=filled) for name, folder in folders.items()}
    return ClipRun(judged, {name: folder / "pictures" for name, folder in folders.items()})


def clip_tables(params: Params, run: ClipRun, *, bootstrap: int) -> dict[str, pa.Table]:
    """The tables of ``reports/tables/`` by their names; none without clips."""
    if not run.judged:
        return {}
    judged = pa.concat_tables(run.judged.values())
    compared = compared_in(params, judged)
    return {
        "clip_scores": judged,
        "clips": summary.means(judged, bootstrap=bootstrap),
        "clip_pairs": summary.pairs(judged, compared, bootstrap=bootstrap),
    }


def compared_in(params: Params, judged: pa.Table) -> list[tuple[Way, Way]]:
    """What is compared: a video with its twin and with the network that it began as, filtered with not, everything with the composite."""
    ways = dict.fromkeys(Way(row["method"], row["smoothing"]) for row in judged.select(["method", "smoothing"]).to_pylist())
    twins = [(Way(name), Way(twin)) for name in params.videos if (twin := twin_of(name, params.videos)) is not None]
    starts = [(Way(name), Way(video.harmonizer)) for name, video in params.videos.items()]
    filtered = [(way, Way(way.method)) for way in ways if way.smoothing != NONE]
    return [*twins, *filtered, *starts, *((way, Way(UNTOUCHED)) for way in ways if way.method not in (UNTOUCHED, TRUTH))]


def clip_section(params: Params, run: ClipRun, tables: Mapping[str, pa.Table]) -> ClipSection | None:
    """The section, from the tables of ``clip_tables``; None without clips."""
    if not tables:
        return None
    told = ("harmonizer", "clips", "temporal")
    return ClipSection(
        videos={name: {key: getattr(video, key) for key in told} for name, video in params.videos.items()},
        kinds=KINDS,
        measures={LABELS[name]: says for name, says in MEASURES.items()},
        words=WORDS,
        datasets=[_dataset(params, name, run, tables) for name in run.judged],
    )


def _dataset(params: Params, name: str, run: ClipRun, tables: Mapping[str, pa.Table]) -> ClipDataset:
    means, pairs = ([row for row in tables[key].to_pylist() if row["dataset"] == name] for key in ("clips", "clip_pairs"))
    kinds = {row["kind"]: row["n_clips"] for row in means if row["measure"] == "fmse" and row["kind"] != ALL_KINDS}
    of_all = [row for row in pairs if row["kind"] == ALL_KINDS and row["reference"] != UNTOUCHED]
    columns, loops = _loops(run.pictures[name])
    return ClipDataset(
        name=name,
        kinds=kinds,
        means=_by_measure([row for row in means if row["kind"] == ALL_KINDS], ("method", "smoothing")),
        pairs=_by_measure(of_all, ("method", "smoothing", "reference", "reference_smoothing")),
        says=_sentences(params, [row for row in means if row["kind"] == ALL_KINDS], of_all),
        columns=columns,
        loops=loops,
    )


def _by_measure(rows: list[Row], keys: tuple[str, ...]) -> list[dict[str, Row]]:
    found: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        ends = {f"difference_{end}": float("nan") if row[end] is None else row[end] for end in ("low", "high")}
        ends |= {"difference": row["mean"]}
        found.setdefault(tuple(row[key] for key in keys), {})[row["measure"]] = row | ends
    return list(found.values())


def _sentences(params: Params, means: list[Row], pairs: list[Row]) -> list[str]:
    """What the loss between frames is worth, as far as intervals say; and what filtering does."""
    told = []
    losses = {row["method"]: row["mean"] for row in means if (row["measure"], row["smoothing"]) == ("tl", NONE)}
    for name in params.videos:
        twin = twin_of(name, params.videos)
        own = {row["measure"]: side(row["low"], row["high"]) for row in pairs if (row["method"], row["reference"]) == (name, twin)}
        if own:
            told.append(f"With the loss between frames {name} {_against_twin(own)}, compared with {twin}.")
        if own and losses[name] < losses[TRUTH]:
            told.append(f"The temporal loss of {name} is below the truth's: a part of that is blur.")
    for row in pairs:
        if (row["measure"], row["smoothing"], row["reference_smoothing"], row["method"]) == (
            "flicker",
            "both_ways",
            NONE,
            row["reference"],
        ):
            told.append(f"Filtering the parameters of {row['method']} both ways {FILTERED[side(row['low'], row['high'])]}.")
    return told


def _against_twin(sides: Mapping[str, str]) -> str:
    """Each measure by its side: one that got worse is said as one that got better is."""
    words = {"tl": "temporal loss", "flicker": "flicker", "fmse": "fMSE"}
    found = {word: [name for key, name in words.items() if sides.get(key) == word] for word in ("below", "above")}
    parts = [f"has a {less} {' and '.join(found[word])}" for word, less in (("below", "lower"), ("above", "higher")) if found[word]]
    rest = [name for key, name in words.items() if sides.get(key) not in ("below", "above")]
    if rest:
        parts.append(f"is not told apart by {' and '.join(rest)}")
    return ", and ".join(parts)


def _loops(folder: Path) -> tuple[list[str], list[Loop]]:
    names = folder / "columns.json"
    columns = json.loads(names.read_text(encoding="utf-8")) if names.is_file() else []
    return columns, [Loop(path.stem, data_uri("webp", _looped(path, len(columns)))) for path in sorted(folder.glob("*.png"))]


def _looped(path: Path, columns: int) -> bytes:
    strip = decode_png(path.read_bytes(), name=str(path))
    side_px = strip.shape[1] // columns
    frames = [Image.fromarray(strip[top : top + side_px]) for top in range(0, len(strip), side_px)]
    buffer = BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=QUALITY, method=4)
    return buffer.getvalue()
