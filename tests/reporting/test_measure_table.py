"""The documentation's table of measures says what the table of measures says."""

from imharmony.evaluation.measures import MEASURES
from reporting.measure_table import HEAD, measure_table


def test_every_measure_has_a_row_of_as_many_cells_as_the_head():
    head, rule, *rows = measure_table()
    assert [row.split(" | ")[0] for row in rows] == [f"| `{column}`" for column in MEASURES]
    assert {line.count(" | ") for line in (head, rule, *rows)} == {len(HEAD) - 1}


def test_a_row_says_unit_direction_and_where_it_is_scored():
    rows = {line.split("`")[1]: line for line in measure_table()[2:]}
    assert rows["psnr_target"].startswith("| `psnr_target` | PSNR | dB | 2 | higher | ")
    assert "for a peak of the real photograph's maximum | every protocol |" in rows["psnr_target"]
    assert rows["ciede2000"].startswith("| `ciede2000` | CIEDE2000 | – | 2 | lower | ")
    assert rows["ciede2000"].endswith(" | the headline protocol |")
    assert rows["lpips"].endswith(" | every protocol, with the network's weights |")
