"""What the package's network for portraits cuts out of photographs that it did not see, before and after the cut by colours.

    python -m benchmarks.portrait WORKSPACE [--out FILE.csv]

The workspace is one that `make cutter` has run: the split ``val`` of the network's own data sets is taken. People of photographs are
seen in a frame a quarter wider than their box; their outlines are drawn by hand, so pixels near them do not count. Portraits of the
studio have exact mattes. In photographs of nobody, nobody should be found. The fixed mask is the mean of the people learned from, in
their frames, from one half on: what is no better than that has learned where people are framed, and not what a person is.
"""

import argparse
import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from imharmony.harmonizing.cutting import CONFIDENT, LEAST_SHARE, outlined
from imharmony.harmonizing.portraits import PortraitNetwork, load_portrait_network
from imharmony.matting.people import Peopled
from imharmony.matting.views import OUTLINE_PX, near_edge, squared, within
from imharmony.metrics.matting import sad
from imharmony.pictures.colour_cut import colour_cut
from imharmony.running.progress import track
from pipeline.params.file import load_params
from pipeline.steps.paths import Places
from pipeline.steps.people import photographs_with_people, portrait_pictures

COLUMNS = ("pictures", "count", "somebody found", "method", "IoU", "mean absolute error", "SAD (thousands of pixels)")
NAME, SPLIT = "portrait", "val"
WIDER = 1.25
SIDE_PX = 256
METHODS = ("network alone", "with the cut by colours", "a fixed mask")

Seen = tuple[np.ndarray, np.ndarray, np.ndarray]  # picture, alpha in [0, 1], where it counts


def main() -> None:
    """Prints the table, and writes it where ``--out`` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with contextlib.chdir(options.workspace):
        params = load_params()
        chosen, places = params.matting_network(NAME), Places(params.profile)
        photographs = photographs_with_people(params, places, chosen.people.datasets if chosen.people else [], SPLIT)
        portraits = portrait_pictures(places, chosen.dataset, SPLIT, size_px=SIDE_PX)
        learned = photographs_with_people(params, places, chosen.people.datasets if chosen.people else [], "train")
    fixed = np.mean([alpha for each in learned for _, alpha, _ in _people(each)], axis=0) >= 0.5
    everywhere = np.ones((SIDE_PX, SIDE_PX), bool)
    groups = {
        "people of photographs": [seen for each in photographs for seen in _people(each)],
        "portraits of the studio": [(picture, alpha / 255, everywhere) for picture, alpha in zip(*portraits, strict=True)],
        "photographs of nobody": [(each.picture, np.zeros(each.people.shape), each.people == 0) for each in photographs if _is_empty(each)],
    }
    network = load_portrait_network()
    rows = [row for name, seen in groups.items() for row in _rows(name, seen, network, fixed)]
    if options.out:
        with options.out.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    for row in (COLUMNS, *rows):
        print(" | ".join(map(str, row)))


def _rows(name: str, pictures: list[Seen], network: PortraitNetwork, fixed: np.ndarray) -> Iterator[tuple[object, ...]]:
    found, scores = [], {method: [] for method in METHODS}
    for picture, alpha, counts in track(pictures, total=len(pictures), what=name, unit="pictures"):
        coarse = network.alpha(picture)
        found.append((coarse >= CONFIDENT).mean() >= LEAST_SHARE)
        whole = squared(coarse, (0, 0, coarse.shape[1], coarse.shape[0]), SIDE_PX) if alpha.any() else coarse
        made = (
            {METHODS[0]: whole, METHODS[1]: outlined(colour_cut(coarse, picture, level=CONFIDENT), picture), METHODS[2]: fixed * 1.0}
            if alpha.any()
            else {}
        )
        for method, each in made.items():
            scores[method].append(_scores(each, alpha, counts))
    share = f"{100 * np.mean(found):.0f} %"
    if not scores[METHODS[0]]:
        yield name, len(pictures), share, "", "", "", ""
        return
    for method in METHODS:
        iou, error, absolute = np.mean(scores[method], axis=0)
        yield name, len(pictures), share, method, f"{iou:.2f}", f"{error:.3f}", f"{absolute:.1f}"


def _scores(made: np.ndarray, alpha: np.ndarray, counts: np.ndarray) -> tuple[float, float, float]:
    one, other = (made >= CONFIDENT) & counts, (alpha >= 0.5) & counts
    return (one & other).sum() / max((one | other).sum(), 1), np.abs(made - alpha)[counts].mean(), sad(made, alpha, counts)


def _people(peopled: Peopled) -> Iterator[Seen]:
    """Each person of a photograph in a frame of its own, SIDE_PX squared."""
    height, width = peopled.people.shape
    for left, top, right, bottom in peopled.boxes:
        frame = within(((left + right) / 2, (top + bottom) / 2), ((right - left) * WIDER, (bottom - top) * WIDER), (width, height))
        picture, people, unsure = (squared(each, frame, SIDE_PX) for each in (peopled.picture, peopled.people, peopled.unsure))
        zoom = SIDE_PX / min(frame[2] - frame[0], frame[3] - frame[1])
        yield picture, (people >= 128).astype(np.float64), (unsure < 128) & ~near_edge(people >= 128, OUTLINE_PX * zoom)


def _is_empty(peopled: Peopled) -> bool:
    return not peopled.people.any() and not peopled.unsure.any()


if __name__ == "__main__":
    main()
