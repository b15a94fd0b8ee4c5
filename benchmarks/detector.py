"""What the package's detector finds in composites of photographs that it did not see, and in the photographs as they are.

    python -m benchmarks.detector COMPOSITES ... [--out FILE.csv]

Folders of composites, as the data stages leave them; their split ``test`` is taken, of each foreground the first composite. A finding meets
the foreground if half of its pixels lie in it. Composites are those that people would see: beyond the observer's thresholds, by the
manifest's parameters. Foregrounds of the photographs are moved by a stop or in their colour too.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from imharmony.blind.labels import labels_of
from imharmony.blind.shifts import Shift, looks_of, moved
from imharmony.composing.composites import read_composite
from imharmony.composing.manifest import read_manifest
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.detection import Findings, found_in
from imharmony.harmonizing.detectors import load_detector
from imharmony.running.progress import track
from imharmony.storage.shards import ShardReader

COLUMNS = ("photographs", "kind", "pictures", "with a finding", "finding meets the foreground", "of these right: dark, bright, colour")
KINDS = ("too dark", "too bright", "other colour")
MEETS = 0.5
MOVED = {
    "moved: 1 stop darker": (Shift(-1.0), (True, False, False)),
    "moved: 1 stop brighter": (Shift(1.0), (False, True, False)),
    "moved: a* by 15": (Shift(0.0, a=15.0), (False, False, True)),
}


def main() -> None:
    """Prints the table, and writes it where ``--out`` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("composites", type=Path, nargs="+")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = [row for folder in options.composites for row in _rows(folder)]
    if options.out:
        with options.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([COLUMNS, *rows])
    for row in (COLUMNS, *rows):
        print(" | ".join(map(str, row)))


def _rows(folder: Path) -> Iterator[tuple[object, ...]]:
    detector, harmonizer, reader = load_detector(None), Harmonizer.load(), ShardReader(folder)
    manifest = read_manifest(folder)
    chosen, seen = [], set()
    for row, label in zip(manifest.to_pylist(), labels_of(manifest), strict=True):
        key = row["image_id"], row["annotation_id"]
        if row["split"] == "test" and key not in seen:
            seen.add(key)
            chosen.append((row, label))
    found: dict[str, list[tuple[bool, bool, bool]]] = {}
    photographs = set()
    for row, label in track(chosen, total=len(chosen), what=folder.name, unit="composites"):
        real, composite, mask = read_composite(reader, row["shard"], row["row"])
        if row["image_id"] not in photographs:
            photographs.add(row["image_id"])
            own = found_in(real, None, name="photograph", detector=detector, harmonizer=harmonizer)
            found.setdefault("as they are", []).append((bool(own.findings), False, False))
        for kind, (shift, classes) in MOVED.items():
            own = found_in(_moved(real, mask, shift), None, name="moved", detector=detector, harmonizer=harmonizer)
            found.setdefault(kind, []).append(_judged(own, mask > 127, classes))
        if label is not None and any(label.classes):
            own = found_in(composite, None, name="composite", detector=detector, harmonizer=harmonizer)
            kind = (
                "composites: too dark" if label.classes[0] else "composites: too bright" if label.classes[1] else "composites: other colour"
            )
            found.setdefault(kind, []).append(_judged(own, mask > 127, label.classes))
    for kind in sorted(found):
        table = np.array(found[kind])
        share = [f"{100 * each:.0f} %" for each in table[:, :2].mean(0)]
        met = table[table[:, 1]]
        right = f"{100 * met[:, 2].mean():.0f} %" if len(met) and kind != "as they are" else ""
        yield folder.name, kind, len(table), share[0], "" if kind == "as they are" else share[1], right


def _moved(real: np.ndarray, mask: np.ndarray, shift: Shift) -> np.ndarray:
    picture = torch.from_numpy(real.copy()).permute(2, 0, 1)[None].float() / 255
    region = torch.from_numpy(mask.copy())[None, None].float() / 255
    return moved(picture, region, [shift], looks_of(picture, region))[0].permute(1, 2, 0).mul(255).round().byte().numpy()


def _judged(own: Findings, inside: np.ndarray, classes: tuple[bool, bool, bool]) -> tuple[bool, bool, bool]:
    """Whether there is a finding, one that meets the foreground, and one of these of a kind that is right."""
    met = [finding for finding in own.findings if _share_inside(own, finding.box, inside) >= MEETS]
    return bool(own.findings), bool(met), any(classes[KINDS.index(finding.kind)] for finding in met)


def _share_inside(own: Findings, box: tuple[int, int, int, int], inside: np.ndarray) -> float:
    left, top, right, bottom = box
    marked = own.mask[top:bottom, left:right] > 127
    return float(inside[top:bottom, left:right][marked].mean()) if marked.any() else 0.0


if __name__ == "__main__":
    main()
