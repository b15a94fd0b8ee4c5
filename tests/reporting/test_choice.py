"""Methods are chosen on validation photographs; ties, gaps and numbers that are none."""

import math

import pyarrow as pa
import pytest

from imharmony.evaluation.measures import SCORES
from reporting.choice import chosen_on, chosen_over_all, means_of, relative_changes, validation_table

MEANS = {
    "people": {"identity": 100.0, "idih": 80.0, "affine": 80.0, "unet": 90.0},
    "hmh": {"identity": 200.0, "idih": 190.0, "unet": 100.0},
}
ALL = ("identity", "unet", "idih", "affine", "outside")


def scored(method: str, fmse: float | None, *, dataset: str = "people", image: int = 0, seed: int = 0) -> dict[str, object]:
    names = {"method": method, "dataset": dataset, "seed": seed, "sample_id": f"s{image}", "image_id": image // 2}
    return {**names, "background": "composite", "quantisation": "uint8", "fmse": fmse, "mse": 1.0}


def test_the_lowest_mean_is_chosen_of_methods_alike_the_first_by_name_and_never_the_composite():
    assert chosen_on(MEANS, "people", ALL) == "affine"
    assert chosen_on(MEANS, "people", ["unet", "identity"]) == "unet"
    assert chosen_on(MEANS, "hmh", ALL) == "unet"


def test_who_has_no_validation_score_is_not_chosen():
    assert chosen_on(MEANS, "people", ["outside", "identity"]) is None
    assert chosen_on(MEANS, "objects", ALL) is None
    assert chosen_over_all(MEANS, ["people", "objects"], ALL) is None
    assert chosen_over_all(MEANS, ["people", "hmh"], ["affine"]) is None  # one data set is missing


def test_over_all_data_sets_the_mean_relative_change_counts():
    assert relative_changes(MEANS, ["people", "hmh"]) == pytest.approx({"identity": 0, "idih": -0.125, "unet": -0.3})
    assert chosen_over_all(MEANS, ["people", "hmh"], ALL) == "unet"


def test_the_table_pools_seeds_and_leaves_out_what_is_no_number():
    rows = [scored("idih", value, image=image, seed=seed) for seed in (0, 1) for image, value in enumerate((10.0 + seed, 30.0, None))]
    rows += [scored("unet", value) for value in (math.nan,)] + [scored("affine", math.inf)]
    table = validation_table([pa.Table.from_pylist(rows, schema=SCORES)])
    found = {row["method"]: row for row in table.to_pylist()}
    assert found["idih"] == {
        **{"dataset": "people", "method": "idih", "fmse": pytest.approx(20.25), "mse": 1.0},
        **{"n_images": 3, "n_photographs": 2, "n_seeds": 2},
    }
    assert (found["unet"]["fmse"], found["affine"]["fmse"]) == (None, None)
    assert means_of(table, ["idih", "unet", "affine"]) == {"people": {"idih": pytest.approx(20.25)}}


def test_no_more_is_chosen_from_than_rivals_and_the_composite():
    rows = [scored("idih", 30.0), scored("unet_code", 10.0), scored("identity", 40.0)]
    means = means_of(validation_table([pa.Table.from_pylist(rows, schema=SCORES)]), ["idih"])
    assert means == {"people": {"idih": 30.0, "identity": 40.0}}
    assert chosen_on(means, "people", ["idih", "unet_code", "identity"]) == "idih"
