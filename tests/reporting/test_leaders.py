"""The leader tables' numbers as the page's script reads them."""

import pyarrow as pa
import pytest

from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.pairs import pairwise, standings
from reporting.leaders import leaders_of
from tests.imharmony.evaluation.test_pairs import every_protocol, random_rows


def test_pairs_lie_above_the_diagonal_in_the_order_of_the_methods():
    scores = pa.Table.from_pylist(every_protocol(random_rows(0, photographs=30)), schema=SCORES)
    pairs = pairwise(scores, bootstrap=50).to_pandas()
    people = leaders_of(standings(scores, bootstrap=50).to_pandas(), pairs, {"people": {"idih": 2.0, "unet": 3.0}})["people"]
    assert people["chosen"] == "idih"
    methods = people["methods"]
    wanted = [(one, other) for index, one in enumerate(methods) for other in methods[index + 1 :]]
    for convention, view in people["conventions"].items():
        own = pairs[(pairs["convention"] == convention) & (pairs["metric"] == "psnr")].set_index(["method", "reference"])
        assert view["pairs"]["psnr"]["difference"] == pytest.approx([own.loc[pair, "difference"] for pair in wanted], abs=0.0051)
        assert view["pairs"]["psnr"]["losses"] == pytest.approx([own.loc[pair[::-1], "win_rate"] for pair in wanted], abs=1e-4)
        assert view["pairs"]["psnr"]["side"] == [int(own.loc[pair, "low"] > 0) - int(own.loc[pair, "high"] < 0) for pair in wanted]


def test_where_an_interval_is_missing_the_number_of_photographs_stands():
    scores = pa.Table.from_pylist(every_protocol(random_rows(0, photographs=4)), schema=SCORES)
    people = leaders_of(standings(scores, bootstrap=20).to_pandas(), pairwise(scores, bootstrap=20).to_pandas(), {})["people"]
    view = people["conventions"]["headline"]
    assert people["chosen"] is None
    assert view["means"]["fmse"][0][1:] == [None, None, 4]
    assert view["pairs"]["fmse"]["few"] == dict.fromkeys(range(6), 4)
