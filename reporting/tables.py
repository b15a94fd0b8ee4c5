"""Tables on the pages of the documentation: marked blocks that are rewritten from what was published and measured.

A block begins with ``<!-- table: KIND ARGUMENTS -->`` and ends with ``<!-- end -->``. What is in between is made from the files under
reports/published/ and benchmarks/results/ and from params.yaml, so a figure on a page is always one of a file.
"""

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from imharmony.errors import InputError
from imharmony.evaluation.blocks import REFERENCE
from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS
from imharmony.evaluation.conventions import CONVENTIONS, HEADLINE, Convention
from imharmony.storage.files import write_text
from imharmony.storage.names import expect_name
from reporting.benchmark_tables import measured, speed
from reporting.blind_table import LEGEND as LEGEND_OF_BLIND
from reporting.blind_table import blind_table
from reporting.clip_table import LEGEND as LEGEND_OF_CLIPS
from reporting.clip_table import LEGEND_OF_PAIRS, clip_pairs_table, clip_table
from reporting.control_table import LEGEND as LEGEND_OF_CONTROLS
from reporting.control_table import control_table
from reporting.convention_table import convention_table
from reporting.markdown import table
from reporting.matting_table import LEGEND as LEGEND_OF_MATTING
from reporting.matting_table import LEGEND_OF_CLAIMS, LEGEND_OF_PICTURES, claims_table, matting_table, pictures_table
from reporting.measure_table import measure_table
from reporting.network_table import network_table, reported_table, uses_table
from reporting.protocol_table import protocol_table
from reporting.published_rows import DASH, with_sign

PUBLISHED = Path("reports/published")
BEGIN = "<!-- table:"
BLOCK = re.compile(r"^<!-- table: (?P<call>.+?) -->\n.*?^<!-- end -->$", re.DOTALL | re.MULTILINE)
RAW = CONVENTIONS["report_001"]
PROTOCOLS = {
    HEADLINE: "Protocol: the method's picture in the mask, the composite around it, rounded to whole levels.",
    RAW: "Protocol `raw`: the method's own picture, background included, rounded to whole levels.",
}
LEGEND = f"""\
Untouched: mean fMSE. Methods: its change, with the 95 % interval over photographs; negative is better. Bold: the interval is below 0.
{PROTOCOLS[HEADLINE]}"""
Row = dict[str, str]

MATTING = {  # kinds of tables of mattes
    "": (matting_table, LEGEND_OF_MATTING),
    "claims": (claims_table, LEGEND_OF_CLAIMS),
    "pictures": (pictures_table, LEGEND_OF_PICTURES),
}


def write_tables() -> None:
    """Rewrites the marked tables of README.md and docs/ from reports/published/ and benchmarks/results/."""
    for page in pages(Path()):
        old = page.read_text(encoding="utf-8")
        new = rewritten(old, root=Path(), name=str(page))
        if new != old:
            write_text(page, new)


def pages(root: Path) -> list[Path]:
    """The pages that may have tables."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def rewritten(text: str, *, root: Path, name: str = "the page") -> str:
    """The page with its tables made anew."""
    if text.count(BEGIN) != len(BLOCK.findall(text)):
        raise InputError(f"{name} has a table that does not end; expected a line <!-- end --> after each <!-- table: ... -->")

    def block(found: re.Match[str]) -> str:
        kind, *arguments = found["call"].split()
        if kind not in TABLES:
            raise InputError(f"{name} has a table {kind!r}; expected one of {sorted(TABLES)}")
        return f"<!-- table: {found['call']} -->\n{TABLES[kind](root, arguments)}\n<!-- end -->"

    return BLOCK.sub(block, text)


def results(root: Path, arguments: Sequence[str]) -> str:
    """``results RUN [DATASET ...]``: each method's change of fMSE against the untouched composite, lowest on the first data set first."""
    run, *datasets = arguments
    rows, facts = _run(root, run, "fmse")
    datasets = datasets or _datasets(rows, facts)
    cells = {(row["method"], row["dataset"]): row for row in rows}
    header = ["method"]
    for dataset in datasets:
        sizes = cells.get((REFERENCE, dataset), {})
        header += [f"`{dataset}`: {sizes.get('n_images', DASH)} composites, {sizes.get('n_photographs', DASH)} photographs", "made worse"]
    body = _parted(
        {
            name: [_label(name), *(text for each in datasets for text in _result(cells.get((name, each))))]
            for name in _ordered(cells, datasets, "difference")
        },
        facts,
    )
    return f"{table(header, body)}\n\n{LEGEND}\n{_origin(run, facts)}"


def means(root: Path, arguments: Sequence[str]) -> str:
    """``means RUN METRIC [DATASET ...]``: each method's mean of a metric with its interval, the lowest on the first data set first."""
    return _means(root, arguments, HEADLINE)


def raw(root: Path, arguments: Sequence[str]) -> str:
    """``raw RUN METRIC [DATASET ...]``: the same of the methods' own pictures, whose background nothing has replaced."""
    return _means(root, arguments, RAW)


def controls(root: Path, arguments: Sequence[str]) -> str:
    """``controls RUN DATASET``: each method with another background and on untouched photographs."""
    run, dataset = arguments
    found = table(*control_table(root / PUBLISHED, run, dataset))
    return f"{found}\n\n{LEGEND_OF_CONTROLS}\n{_origin(run, _facts(root, run))}"


def blind(root: Path, arguments: Sequence[str]) -> str:
    """``blind RUN DATASET``: each system that harmonizes without a mask."""
    run, dataset = arguments
    return f"{table(*blind_table(root / PUBLISHED, run, dataset))}\n\n{LEGEND_OF_BLIND}\n{_origin(run, _facts(root, run))}"


def matting(root: Path, arguments: Sequence[str]) -> str:
    """``matting RUN DATASET [claims | pictures]``: errors of each method's mattes, their paired differences, or what pictures become."""
    run, dataset, *kind = arguments
    made, legend = MATTING[kind[0] if kind else ""]
    return f"{table(*made(root / PUBLISHED, run, dataset))}\n\n{legend}\n{_origin(run, _facts(root, run))}"


def clips(root: Path, arguments: Sequence[str]) -> str:
    """``clips RUN DATASET [pairs]``: each method on clips, or paired differences."""
    run, dataset, *kind = arguments
    made, legend = (clip_pairs_table, LEGEND_OF_PAIRS) if kind == ["pairs"] else (clip_table, LEGEND_OF_CLIPS)
    return f"{table(*made(root / PUBLISHED, run, dataset))}\n\n{legend}\n{_origin(run, _facts(root, run))}"


def _means(root: Path, arguments: Sequence[str], protocol: Convention) -> str:
    run, metric, *datasets = arguments
    rows, facts = _run(root, run, metric, protocol)
    datasets = datasets or _datasets(rows, facts)
    cells = {(row["method"], row["dataset"]): row for row in rows}
    own = {name: [_label(name), *(_mean(cells.get((name, each))) for each in datasets)] for name in _ordered(cells, datasets, "mean")}
    body = _parted(own, facts)
    legend = f"Mean `{metric}` with its 95 % interval over photographs. {PROTOCOLS[protocol]}"
    return f"{table(['method', *(f'`{each}`' for each in datasets)], body)}\n\n{legend}\n{_origin(run, facts)}"


def runs(root: Path, _: Sequence[str]) -> str:
    """``runs``: what was published, and on which machine it was made."""
    body = []
    for path in sorted((root / PUBLISHED).glob("*.csv")):
        if not path.with_suffix(".parquet").exists():
            continue
        rows, facts = _run(root, path.stem, "fmse")
        code = str(facts.get("code", facts.get("commit", "")))[:7]
        datasets = ", ".join(f"`{each}`" for each in _datasets(rows, facts))
        seeds = max(int(row.get("n_seeds") or 1) for row in rows)
        methods = len({row["method"] for row in rows} - {REFERENCE})
        body.append([f"`{path.stem}`", facts["profile"], _size(facts), str(methods), str(seeds), datasets, _machine(facts), f"`{code}`"])
    return table(["run", "profile", "size", "methods", "seeds", "data sets", "machine", "code"], body)


def protocols(root: Path, arguments: Sequence[str]) -> str:
    """``protocols PROFILE ...``: how each variant's paper trains, and what the profiles make of it."""
    return table(*protocol_table(root, arguments))


TABLES: dict[str, Callable[[Path, Sequence[str]], str]] = {
    "results": results,
    "means": means,
    "raw": raw,
    "controls": controls,
    "blind": blind,
    "matting": matting,
    "clips": clips,
    "runs": runs,
    "measured": measured,
    "protocols": protocols,
    "conventions": lambda _root, _arguments: "\n".join(convention_table()),
    "networks": lambda _root, _arguments: table(*network_table()),
    "uses": lambda _root, _arguments: table(*uses_table()),
    "reported": lambda _root, _arguments: table(*reported_table()),
    "measures": lambda _root, _arguments: "\n".join(measure_table()),
    "speed": speed,
}


def _run(root: Path, run: str, metric: str, protocol: Convention = HEADLINE) -> tuple[list[Row], dict[str, Any]]:
    """A protocol's rows of one metric, and the facts beside them."""
    path = root / PUBLISHED / f"{expect_name(run, of='a published run of a table')}.csv"
    if not path.exists():
        raise InputError(f"{path} does not exist; expected a published run: python -m reporting publish NAME")
    unsaid = _rows_of(HEADLINE)  # in files from before they had these columns
    wanted = _rows_of(protocol) | {"metric": metric}
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in map(unsaid.__or__, csv.DictReader(file)) if wanted.items() <= row.items()]
    if not rows:
        came = f"{path} has no rows of {metric!r} with the background {protocol.background}, rounded"
        raise InputError(f"{came}; expected some: publish the run again, or another metric")
    return rows, _facts(root, run)


def _facts(root: Path, run: str) -> dict[str, Any]:
    return json.loads((root / PUBLISHED / f"{run}.json").read_text(encoding="utf-8"))


def _rows_of(protocol: Convention) -> Row:
    return {"background": protocol.background, "quantisation": protocol.quantisation, "bucket": "all"}


def _datasets(rows: Sequence[Row], facts: dict[str, Any]) -> list[str]:
    present = dict.fromkeys(row["dataset"] for row in rows)
    return [each for each in facts.get("data_hash", present) if each in present] or list(present)


def _ordered(cells: Mapping[tuple[str, str], Row], datasets: Sequence[str], column: str) -> list[str]:
    """The methods by a column on the first data set that each has, what is compared with first."""
    places: dict[str, tuple[bool, int, float]] = {}
    for place, dataset in enumerate(datasets):
        for method, row in ((name, row) for (name, of), row in cells.items() if of == dataset):
            places.setdefault(method, (method != REFERENCE, place, float(row[column])))
    return sorted(places, key=places.__getitem__)


def _parted(body: Mapping[str, list[str]], facts: Mapping[str, Any]) -> list[list[str]]:
    """The methods' lines; those of forms as published follow under a line that says so. Older runs do not tell them."""
    apart = {name for name, variant in (facts.get("variants") or {}).items() if variant.get("form") == "as_published"}
    first, last = ([line for name, line in body.items() if (name in apart) == is_apart] for is_apart in (False, True))
    return [*first, ["*as published*", *[""] * (len(last[0]) - 1)], *last] if last else first


def _label(method: str) -> str:
    return "untouched composite" if method == REFERENCE else f"`{method}`"


def _result(row: Row | None) -> list[str]:
    if row is None:
        return [DASH, DASH]
    if row["method"] == REFERENCE:
        return [f"{float(row['mean']):,.0f}", ""]
    harm = f"{100 * float(row['harm_rate']):.0f} %"
    if not _has_interval(row, "difference_low"):
        return [f"{with_sign(float(row['difference']), 0)} {_few(row)}", harm]
    low, high = float(row["difference_low"]), float(row["difference_high"])
    change = f"{with_sign(float(row['difference']), 0)} ({with_sign(low, 0)} to {with_sign(high, 0)})"
    return [f"**{change}**" if high < 0 else change, harm]


def _has_interval(row: Row, column: str) -> bool:
    """Of fewer photographs there is none, also where an older run has one."""
    return row[column] not in ("", None) and int(row["n_photographs"]) >= LEAST_PHOTOGRAPHS


def _few(row: Row) -> str:
    return f"({DASH}, {row['n_photographs']} photograph{'s' if int(row['n_photographs']) != 1 else ''})"


def _mean(row: Row | None) -> str:
    if row is None:
        return DASH
    interval = f"({float(row['low']):.2f} to {float(row['high']):.2f})" if _has_interval(row, "low") else _few(row)
    return f"{float(row['mean']):.2f} {interval}"


def _origin(run: str, facts: dict[str, Any]) -> str:
    stand_ins = facts["parameters"].get("stand_ins") or {}  # older runs have none
    instead = "".join(f" `{chosen}` stands in for `{name}`." for name, chosen in stand_ins.items())
    return f"Run `{run}`: profile `{facts['profile']}`, {_size(facts)}, on {_machine(facts)}.{instead}"


def _size(facts: dict[str, Any]) -> str:
    return f"{facts['parameters']['evaluation']['size_px']} px"


def _machine(facts: dict[str, Any]) -> str:
    hardware = facts["hardware"]
    processor = re.sub(r"\(R\)|\(TM\)| Processor", "", hardware["processor"])
    return ", ".join([f"{hardware['cores']} cores of {processor}", *hardware.get("accelerators", [])])
