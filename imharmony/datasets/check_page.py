"""What a check leaves: ``findings.parquet``, ``statistics.parquet`` and ``index.html``, one page that needs nothing else."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from imharmony.datasets.check import ALL, Check
from imharmony.sources.findings import counted, findings_table
from imharmony.storage.files import write_text
from imharmony.storage.tables import write_table

MOST_FINDINGS = 500
MOST_LABELS = 15
TITLES = {
    "foreground_ratio": ("Foreground ratio", "Share of the picture that the foreground covers; number of composites."),
    "delta_e": ("Colour difference", "Mean CIEDE2000 between composite and photograph in the mask; number of composites."),
    "category": ("Categories", "Number of composites."),
    "transfer": ("Transfers", "Number of composites."),
}
FIGURES = {
    "composites": ("Composites", ".0f"),
    "photographs": ("Photographs", ".0f"),
    "foreground_ratio_mean": ("Foreground, mean", ".1%"),
    "foreground_ratio_median": ("Foreground, median", ".1%"),
    "delta_e_mean": ("Colour difference, mean", ".1f"),
    "delta_e_median": ("Colour difference, median", ".1f"),
}

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Data set check: $name</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --line: #8886; --bar: #3b82c4; }
body { max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; font: 1rem/1.55 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .3rem 0; }
th, td { padding: .3rem .8rem .3rem 0; text-align: right; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; vertical-align: bottom; }
th[scope=row], .text { text-align: left; overflow-wrap: anywhere; }
meter { width: 12rem; }
</style>
</head>
<body>
<main>
<h1>$name</h1>
<p><strong>$verdict</strong></p>
$sections
</main>
</body>
</html>
""")


def write_check(check: Check, out: Path) -> None:
    """Writes the two tables and the page into the folder ``out``; other files there stay."""
    write_table(out / "findings.parquet", findings_table(check.findings))
    write_table(out / "statistics.parquet", check.statistics)
    write_text(out / "index.html", page_of(check))


def verdict_of(check: Check) -> str:
    """One sentence: whether the set is sound, and how many findings there are of each kind."""
    counts = ", ".join(f"{count} {kind}" for kind, count in counted(check.findings).items())
    if not counts:
        return "Sound: nothing was found."
    return f"{'Sound, with remarks' if check.is_sound else 'Not sound'}: {counts}."


def page_of(check: Check) -> str:
    """The page as HTML."""
    values: dict[str, dict[str, dict[str, float]]] = {}  # by statistic, label and split
    for row in check.statistics.to_pylist():
        values.setdefault(row["statistic"], {}).setdefault(row["label"], {})[row["split"]] = row["value"]
    splits = list(values["composites"][""])
    sections = [_findings(check), _figures(values, splits)]
    sections += [_counts(name, values[name], splits) for name in TITLES if name in values]
    return PAGE.substitute(name=escape(check.folder.name), verdict=escape(verdict_of(check)), sections="\n".join(sections))


def _findings(check: Check) -> str:
    if not check.findings:
        return ""
    shown = check.findings[:MOST_FINDINGS]
    caption = "" if len(shown) == len(check.findings) else f"The first {len(shown)} of {len(check.findings)}; findings.parquet has all."
    rows = [[finding.kind, finding.subject, finding.reason] for finding in shown]
    return _section("Findings", _table(["Kind", "Where", "What"], rows, caption=caption, text_columns=3))


def _figures(values: dict[str, dict[str, dict[str, float]]], splits: list[str]) -> str:
    rows = []
    for name, (title, form) in FIGURES.items():
        if name in values:
            of_split = values[name][""]
            rows.append([title, *(format(of_split[split], form) if split in of_split else "–" for split in splits)])
    return _section("Splits", _table(["", *splits], rows))


def _counts(name: str, labels: dict[str, dict[str, float]], splits: list[str]) -> str:
    """Numbers by label and split with a bar for all splits together; the rarest labels as one."""
    shown = dict(list(labels.items())[:MOST_LABELS])
    rest = list(labels.values())[MOST_LABELS:]
    if rest:
        shown[f"{len(rest)} others"] = {split: sum(each.get(split, 0) for each in rest) for split in splits}
    most = max(1.0, *(each.get(ALL, 0) for each in shown.values()))
    rows = [[label, *(f"{each.get(split, 0):.0f}" for split in splits)] for label, each in shown.items()]
    bars = [f'<td><meter max="{most:.0f}" value="{each.get(ALL, 0):.0f}" aria-hidden="true"></meter></td>' for each in shown.values()]
    title, caption = TITLES[name]
    return _section(title, _table(["", *splits, ""], rows, caption=caption, ends=bars))


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{body}\n</section>"


def _table(head: list[str], rows: list[list[str]], *, caption: str = "", text_columns: int = 1, ends: Iterable[str] | None = None) -> str:
    """An HTML table; the first ``text_columns`` are text, ``ends`` are cells of HTML that close the rows."""

    def cell(tag: str, column: int, text: str) -> str:
        kind = ' class="text"' if column < text_columns else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{kind}{scope}>{escape(text)}</{tag}>"

    heads = "".join(cell("th", column, text) for column, text in enumerate(head))
    bodies = ["".join(cell("td", column, text) for column, text in enumerate(row)) for row in rows]
    lines = [f"<tr>{body}{end}</tr>" for body, end in zip(bodies, ends or [""] * len(bodies), strict=True)]
    title = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    body = "\n".join(lines)
    return (
        f'<div class="scroll" tabindex="0">\n<table>\n{title}<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>'
    )
