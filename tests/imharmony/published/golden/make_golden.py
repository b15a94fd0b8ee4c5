"""Files of what the authors' own programs give -> the figures of this folder.

Run it as ``python -m tests.imharmony.published.golden.make_golden FOLDER``. Each ``NAME.npz`` of FOLDER came from running the
authors' network on the CPU in float32 with the weights and the picture that ``drawing`` draws. Kept are, without pickled objects:

- ``names``: the state dict's entries, one a line ("E." and "G." first where a network has two files), and ``sums``: the float64 sum of
  each as drawn. A tensor of another shape is drawn with another sum, so names and sums also tell the shapes. An entry that is a second
  name of another has that one's sum.
- ``count``: how many parameters are trained.
- ``stages``: names of inner modules whose outputs were looked at, one a line, and ``stage_figures``: mean and deviation of each.
- ``kept``: entries that the constructor sets, which are not drawn.
- for each output X: ``X`` (16 x 16 pixels of it, evenly spaced from the first; whole if it is no picture), ``X_figures`` (mean, deviation,
  minimum and maximum of all of it), and ``X_rounding``: how far the same network in float64 is from it (0 where that was not run).

Nothing of the authors' programs or weights is among these.
"""

import sys
from pathlib import Path

import numpy as np

NETWORKS = (
    *("indexnet_m2o", "indexnet_o2o", "deep_matting", "modnet"),
    *("bargainnet", "dih_tensorflow", "dovenet_d_batch", "dovenet_d_instance", "dovenet_g_batch", "dovenet_g_instance"),
    *("harmonizer", "hdnet", "pctnet_CNN_pct", "pctnet_ViT_pct", "rainnet"),
    *("samsung_dih256", "samsung_hrnet18_idih256", "samsung_hrnet18s_idih256", "samsung_improved_dih256", "samsung_improved_ssam256"),
)
KEPT_PX = 16  # a side; the given files hold every fourth pixel of outputs above 64 px


def make(source: Path, target: Path) -> None:
    """Writes the figures of one network."""
    with np.load(source) as given:
        kept = {
            "names": np.array("\n".join(name.removeprefix("module.").replace(":", ".") for name in given["names"])),
            "kept": np.array("\n".join(given["kept"])),
            "sums": given["entry_sums"],
            "count": given["params"],
            "stages": np.array("\n".join(given["stage_names"])),
            "stage_figures": given["stage_stats"],
        }
        for key in given.files:
            if key.startswith("out_") and f"{key}_stats" in given.files:
                name, values = key.removeprefix("out_"), given[key]
                if values.ndim == 4 and min(values.shape[2:]) >= KEPT_PX:
                    values = values[..., :: values.shape[2] // KEPT_PX, :: values.shape[3] // KEPT_PX]
                kept[name] = values
                kept[f"{name}_figures"] = given[f"{key}_stats"]
                kept[f"{name}_rounding"] = given[f"{key}_float64_diff"] if f"{key}_float64_diff" in given.files else np.float64(0)
    np.savez_compressed(target, **kept)


if __name__ == "__main__":
    for each in NETWORKS:
        make(Path(sys.argv[1]) / f"{each}.npz", Path(__file__).parent / f"{each}.npz")
