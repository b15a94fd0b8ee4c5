"""What report 004 prints of mattes (Ren, Liu & Song 2021, tables 1 and 2), from ``published_scores.csv``: beside our figures.

Its tables do not say the region. Their numbers fit the unknown region of pictures of 600 x 800 px, and no picture of 256 x 256 px: an SAD
of 70.93 is more than all of its pixels could give.
"""

from functools import cache

from reporting.published_scores import read_published

METRICS = {"mse": "matting_mse", "sad": "sad", "grad": "gradient", "conn": "connectivity"}  # of ours, as the file calls them
DM, IN_THINGS, IN_PORTRAITS, JOINT = "DIM (fine-tuned)", "IndexNet", "IndexNet (fine-tuned)", "HaMaGAN"  # rows of its table 1
TABLE_1, TABLE_2 = "report 004, mattes", "report 004, mattes by λ₁"
CHANGES = {"mse": "−11.69", "sad": "−9.65", "conn": "−10.1"}  # section 3.2: joint training, in percent of fine-tuning alone


@cache
def _tables() -> dict[str, dict[str, dict[str, str]]]:
    return {table.test_set: {row["system"]: row for row in table.rows} for table in read_published()}


def printed(system: str, metric: str) -> str:
    """A value of table 1 as printed; "" where there is none."""
    return _tables()[TABLE_1].get(system, {}).get(METRICS.get(metric, ""), "")


def printed_of_lambda(value: float, metric: str) -> str:
    """A value of table 2 as printed; "" of another first lambda than its four."""
    return _tables()[TABLE_2].get(f"{JOINT} with λ₁ = {value:g}", {}).get(METRICS.get(metric, ""), "")
