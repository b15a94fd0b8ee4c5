"""What report 001's weights do to the background: ``python -m benchmarks.mask_loss``, after a run that has its ``fcn_*_text``.

The methods' own pictures, background included. Each weight against equal weights, image by image. Writes
``benchmarks/results/mask_loss.csv``.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.evaluation.blocks import REFERENCE, Block, Column, by_photograph, sums_of
from imharmony.evaluation.intervals import interval, of_seeds
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.score_sets import gathered_from
from imharmony.storage.tables import read_table, write_csv
from pipeline.params.file import load_params
from pipeline.steps.paths import Places

RESULT = Path("benchmarks/results/mask_loss.csv")
EQUAL = "fcn_content_text"
PROTOCOL = ("raw", "uint8")
METRICS = ("background_mse", "fmse", "psnr_255")


def main() -> None:
    """Prints and writes the table."""
    params = load_params()
    places, names = Places(params.profile), [name for name in params.variants if name.startswith("fcn_mask_text_")]
    if not names or EQUAL not in params.variants:
        raise InputError(f"variants are {sorted(params.variants)}; expected {EQUAL} and some fcn_mask_text_*, trained and scored")
    methods = [(REFERENCE, 0), *((name, seed) for name in (EQUAL, *names) for seed in params.seeds)]
    scores = pa.concat_tables([read_table(places.scores(*method)) for method in methods])
    chosen = {EQUAL, *names}
    sets = gathered_from(scores).sets.values()
    blocks = (own.block([PROTOCOL], chosen, bootstrap=params.active.evaluation.bootstrap) for own in sets)
    rows = [{"profile": params.profile, **row} for block in blocks for row in _rows(block, names, params.seeds)]
    for row in rows:
        print(*row.values(), sep="\t")
    write_csv(RESULT, pa.Table.from_pylist(rows))


def _rows(block: Block, names: list[str], seeds: list[int]) -> Iterator[dict[str, str | int]]:
    at = [block.columns.index(Column(*PROTOCOL, metric)) for metric in METRICS]
    equal = _values(block, EQUAL, at)
    for name in names:
        differences = _values(block, name, at) - equal
        everywhere = np.ones(len(block.samples), bool)
        sums, counts = by_photograph(block, sums_of(differences, everywhere))
        own = [of_seeds(differences, everywhere)] if len(seeds) > 1 else []
        ends = interval(block, sums, counts, own)
        for place, metric in enumerate(METRICS):
            mean = differences[:, :, place].mean()
            texts = (f"{value:+.{MEASURES[metric].digits}f}" for value in (mean, ends[0][place], ends[1][place]))
            yield {
                "data_set": block.dataset,
                "variant": name,
                "measure": MEASURES[metric].name,
                "equal_weights": f"{equal[:, :, place].mean():.{MEASURES[metric].digits}f}",
                **dict(zip(("difference", "low", "high"), texts, strict=True)),
                "images": len(block.samples),
                "photographs": len(block.starts),
                "seeds": len(seeds),
            }


def _values(block: Block, method: str, at: list[int]) -> np.ndarray:
    """(seeds, images, columns)."""
    return block.values[block.members(method)][:, :, at]


if __name__ == "__main__":
    main()
