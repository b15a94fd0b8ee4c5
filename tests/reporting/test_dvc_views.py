"""What ``dvc metrics`` and ``dvc exp show`` read of mattes: few numbers, by method and data set."""

import json

import pyarrow as pa
import pytest

from imharmony.matting.summary import HARMONIZED_MEANS, MATTE_MEANS
from reporting import dvc_views


@pytest.fixture
def metrics(tmp_path, monkeypatch):
    monkeypatch.setattr(dvc_views, "METRICS", tmp_path)
    return tmp_path


def mean(method, metric, value, *, region="unknown", size="native"):
    return {"dataset": "hmh", "method": method, "metric": metric, "region": region, "size": size, "mean": value}


def test_mattes_have_their_errors_and_systems_what_becomes_of_backgrounds(metrics):
    rows = [
        mean("indexnet", "mse", 0.04),
        mean("indexnet", "mse", 9.0, region="whole"),
        mean("indexnet", "mse", 9.0, size="squared"),
        mean("indexnet", "grad", 9.0),
        mean("together", "sad", 2.5),
    ]
    made = [
        {"dataset": "hmh", "system": "together", "measure": measure, "mean": value}
        for measure, value in (("background_mse", 800.0), ("lightness_change", -1.5), ("mse", 9.0))
    ]
    tables = {"matting": (rows, MATTE_MEANS), "matting_harmonized": (made, HARMONIZED_MEANS)}
    dvc_views.write_matting_metrics({name: pa.Table.from_pylist(own, schema=schema) for name, (own, schema) in tables.items()})
    found = {path.name: json.loads(path.read_text()) for path in (metrics / "mattes").iterdir()}
    assert found == {
        "indexnet.json": {"hmh": {"alpha_mse": 0.04}},
        "together.json": {"hmh": {"alpha_sad": 2.5, "background_mse": 800.0, "lightness_change": -1.5}},
    }


def test_without_portraits_there_are_none(metrics):
    dvc_views.write_matting_metrics({})
    assert list(metrics.iterdir()) == []
