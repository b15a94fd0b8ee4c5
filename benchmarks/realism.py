"""How well each judge of realism tells a run's real photographs from its composites: benchmarks/results/realism_<profile>.csv and
realism_<profile>_critic.csv.

python -m benchmarks.realism [--profile sample] [--judges everyday]     after `dvc repro evaluate_realism`
"""

import argparse
import json
from pathlib import Path

import pyarrow as pa

from imharmony.realism.judging import JUDGED, JUDGES, areas
from imharmony.storage.tables import read_typed, write_csv

RESULTS = Path("benchmarks/results")


def main() -> None:
    """Writes the table from what the stages left, and prints it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="sample")
    parser.add_argument("--judges", default="everyday")
    options = parser.parse_args()
    folder = Path("features", options.profile, "realism", options.judges)
    judged = read_typed(folder / "judged" / "judged.parquet", JUDGED, filled=["dataset", "image_id", "is_real"])
    cells = {(row["judge"], row["dataset"]): row for row in areas(judged, judges=options.judges, bootstrap=2000).to_pylist()}
    datasets = sorted({dataset for _, dataset in cells})
    names = {each: f"{each}, {cells[next(iter(JUDGES)), each]['n_photographs']} photographs" for each in datasets}
    rows = [{"AUC": judge} | {names[each]: told(cells[judge, each]) for each in datasets} for judge in JUDGES]
    worth = json.loads((folder / "critic" / "metrics.json").read_text(encoding="utf-8"))
    held_out = {
        "critic, held-out photographs": str(worth["photographs"]),
        "auc": f"{worth['auc']:.3f}",
        "control": f"{worth['control']:.3f}",
    }
    for name, table in ((f"realism_{options.profile}", rows), (f"realism_{options.profile}_critic", [held_out])):
        write_csv(RESULTS / f"{name}.csv", pa.Table.from_pylist(table))
        print(pa.Table.from_pylist(table).to_pandas().to_string(index=False))


def told(row: dict) -> str:
    interval = "" if row["low"] is None else f" ({row['low']:.3f} to {row['high']:.3f})"
    return f"{row['auc']:.3f}{interval}"


if __name__ == "__main__":
    main()
