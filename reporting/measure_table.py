"""The measures as a Markdown table, for the documentation."""

from imharmony.evaluation.measures import MEASURES, Measure

HEAD = ("Column", "Name", "Unit", "Decimals", "Better", "What it is", "Scored under")
SCORED = {
    "protocols": "every protocol",
    "conventions": "the conventions that count it",
    "user": "the headline protocol",
    "again": "the headline protocol, where a method can harmonize its own output once more",
}


def measure_table() -> list[str]:
    """The table's lines: head, rule and a row for each measure, in the order of the columns of scores."""
    rows = [HEAD, ("---",) * len(HEAD), *map(_row, MEASURES.values())]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(measure: Measure) -> tuple[str, ...]:
    says = measure.says + (f", for a peak of {measure.peak}" if measure.peak else "")
    scored = SCORED[measure.of] + (", with the network's weights" if measure.needs_network else "")
    return (
        f"`{measure.column}`",
        measure.name,
        measure.unit or "–",
        str(measure.digits),
        "higher" if measure.rises else "lower",
        says,
        scored,
    )
