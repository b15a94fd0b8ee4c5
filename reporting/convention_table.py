"""The conventions as a Markdown table, for the documentation."""

from imharmony.evaluation.convention_words import WORDS
from imharmony.evaluation.conventions import CONVENTIONS
from imharmony.evaluation.measures import MEASURES

HEAD = ("Convention", "Background", "Its masks", "Levels", "Peak", "Foreground error", "Mean over", "Also offered", "Source", "Note")
DASH = "–"


def convention_table() -> list[str]:
    """The table's lines: head, rule and a row for each convention."""
    rows = [HEAD, ("---",) * len(HEAD), *map(_row, CONVENTIONS)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(name: str) -> tuple[str, ...]:
    words, convention = WORDS[name], CONVENTIONS[name]
    also = "every measure" if name == "headline" else ", ".join(MEASURES[column].name for column in convention.also) or DASH
    source = f"{words.source}; also {words.of}" if words.of else words.source
    levels, peak = words.levels, str(MEASURES[convention.psnr].peak)
    return f"`{name}`", words.background, words.masks, levels, peak, words.foreground, words.mean_over, also, source, words.note or DASH
