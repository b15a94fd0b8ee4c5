"""How long a person with one photograph waits, and how much memory it takes: starting, a small photograph, a large one, whole commands.

    python -m benchmarks.one_photograph [--out FILE]

Each row is a process of its own, the best of some runs, on one core (``OMP_NUM_THREADS=1``). Photographs are noise with a rectangle pasted.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from benchmarks.tables import write_csv

STARTER = "imharmony/starter/"
RUNS = 5
LOADED = """
import sys, time
begin = time.perf_counter()
import imharmony
harmonizer = imharmony.Harmonizer.load({model!r})
print("seconds", time.perf_counter() - begin)
"""
HARMONIZED = """
import time
import numpy as np
import imharmony
rng = np.random.default_rng(0)
photo = rng.integers(0, 256, ({height}, {width}, 3), dtype=np.uint8)
mask = np.zeros(photo.shape[:2], np.uint8)
mask[{height} // 4 : -{height} // 4, {width} // 4 : -{width} // 4] = 255
harmonizer = imharmony.Harmonizer.load({model!r})
harmonizer.harmonize(photo[:64, :64], np.pad(np.full((32, 32), 255, np.uint8), 16))
begin = time.perf_counter()
harmonizer.harmonize(photo, mask)
print("seconds", time.perf_counter() - begin)
"""
PEAK = """
with open("/proc/self/status") as status:
    print("peak", next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024)
"""
COMMAND = """
import sys, time
begin = time.perf_counter()
sys.argv = ["harmonize", *{arguments!r}]
from imharmony.cli import main
main()
print("seconds", time.perf_counter() - begin)
"""


def main() -> None:
    """Measures and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/one_photograph.csv"))
    options = parser.parse_args()
    rows: list[dict[str, object]] = []
    with TemporaryDirectory() as folder:
        for what, code, runs in _cases(Path(folder)):
            rows.append({"what": what} | _best(code, runs))
            print(*rows[-1].values(), sep="\t", flush=True)
    write_csv(options.out, rows)


def _cases(folder: Path) -> list[tuple[str, str, int]]:
    torch, portable = f"{STARTER}model.safetensors", "starter"
    sizes = {"512 x 512": (512, 512), "24 megapixels": (4000, 6000), "100 megapixels": (8660, 11547)}
    large = _files(folder, *sizes["24 megapixels"])
    return [
        ("import and load, ONNX", LOADED.format(model=portable), RUNS),
        ("import and load, torch", LOADED.format(model=torch), RUNS),
        *(
            (f"{size}, {name}", HARMONIZED.format(height=shape[0], width=shape[1], model=name), RUNS if shape[0] < 1000 else 2)
            for size, shape in sizes.items()
            for name in (portable, "reinhard", "multiband")
        ),
        ("512 x 512, torch", HARMONIZED.format(height=512, width=512, model=torch), RUNS),
        ("harmonize models", COMMAND.format(arguments=["models"]), RUNS),
        ("harmonize, JPEG of 24 megapixels", COMMAND.format(arguments=large), 2),
    ]


def _files(folder: Path, height: int, width: int) -> list[str]:
    """A photograph and a mask of this size, by their names."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (height // 20, width // 20, 3), dtype=np.uint8)
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : -height // 4, width // 4 : -width // 4] = 255
    cv2.imwrite(str(folder / "photo.jpg"), cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))
    cv2.imwrite(str(folder / "mask.png"), mask)
    return [str(folder / "photo.jpg"), str(folder / "mask.png")]


def _best(code: str, runs: int) -> dict[str, object]:
    found = [_once(code) for _ in range(runs)]
    return {"seconds": round(min(each[0] for each in found), 3), "peak_mb": max(each[1] for each in found)}


def _once(code: str) -> tuple[float, int]:
    done = subprocess.run([sys.executable, "-c", code + PEAK], capture_output=True, text=True, check=True)
    told = dict(line.split() for line in done.stdout.splitlines() if line.startswith(("seconds ", "peak ")))
    return float(told["seconds"]), int(told["peak"])


if __name__ == "__main__":
    main()
