"""``harmonize study``: ask people which method's pictures look natural, and count what they say."""

import argparse
from pathlib import Path
from typing import Literal

import pyarrow as pa

from imharmony.errors import InputError
from imharmony.storage.descriptions import LARGEST_PX, LARGEST_SEED
from imharmony.storage.names import alike, expect_name
from imharmony.storage.tables import writer_for
from opinion_study.ballots import read_ballots
from opinion_study.creation import Plan, create_study
from opinion_study.definition import CHOICES, COMPOSITE, REAL, read_study
from opinion_study.opinions import summarise_opinions
from opinion_study.tables import SCORE, ranked

WITHOUT_SERVER = "study serve needs FastAPI and uvicorn, which are not installed; pip install 'imharmony[study]'"


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    options = vars(_parser().parse_args(arguments))
    return options.pop("command")(**options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="harmonize study", description=__doc__)
    commands = parser.add_subparsers(required=True)

    create = commands.add_parser("create", description="Makes a study: pictures under opaque names, and each rater's order.")
    create.add_argument("--dataset", type=Path, required=True, help="the folder of composites: manifest.parquet and shards")
    named = "a folder of pictures, as `harmonize score` reads it, or a run's model.safetensors; composite and real are always added"
    create.add_argument("--method", action="extend", nargs="+", required=True, metavar="NAME=PATH", help=named)
    create.add_argument("--out", type=Path, required=True, help="the new folder")
    create.add_argument("--images", type=int, default=20, help="how many, each of a photograph of its own, by default 20")
    create.add_argument("--size", type=int, default=256, help="pixels a side, by default 256")
    create.add_argument("--split", default="test")
    create.add_argument("--mode", choices=sorted(CHOICES), default="rating", help="rate each picture 1 to 5, or choose one of two")
    create.add_argument("--raters", type=int, default=30, help="planned number; more begin again with the first order; by default 30")
    most = "mode pairs: at most so many pairs for a rater, dealt out evenly where all would be more; by default 150"
    create.add_argument("--trials", type=int, default=150, help=most)
    create.add_argument("--attention", type=int, default=3, help="attention checks for each rater, by default 3")
    create.add_argument("--seed", type=int, default=0)
    create.set_defaults(command=_create)

    serve = commands.add_parser("serve", description="Serves the rating page and keeps the votes in the study's folder.")
    serve.add_argument("study", type=Path, help="the study's folder")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on, by default this machine's own alone")
    serve.add_argument("--port", type=int, default=8000, help="0: any free one")
    behind = "the address that a proxy before it has, as https://study.example.org; may be given again"
    serve.add_argument("--public", action="append", default=[], metavar="ADDRESS", help=behind)
    serve.set_defaults(command=_serve)

    report = commands.add_parser("report", description="Each method's mean opinion score or strength, with intervals.")
    report.add_argument("study", type=Path, help="the study's folder; it may be in service")
    report.add_argument("--out", type=Path, required=True, help="where to write a row for each method, .parquet or .csv")
    report.add_argument("--votes", type=Path, help="where to write a row for each vote, .parquet or .csv")
    report.add_argument("--misses", type=int, default=0, help="attention checks that a rater may miss and still count, by default 0")
    report.set_defaults(command=_report)
    return parser


def _create(
    dataset: Path,
    method: list[str],
    out: Path,
    images: int,
    size: int,
    split: str,
    mode: Literal["rating", "pairs"],
    raters: int,
    trials: int,
    attention: int,
    seed: int,
) -> tuple[str, int]:
    for name, value, (least, most) in (
        ("images", images, (1, 100_000)),
        ("size", size, (16, LARGEST_PX)),
        ("raters", raters, (1, 10_000)),
        ("trials", trials, (1, 100_000)),
        ("attention", attention, (0, 1_000)),
        ("seed", seed, (0, LARGEST_SEED)),
    ):
        if value < least:
            raise InputError(f"--{name} {value}: expected {least} or more")
        if value > most:
            raise InputError(f"--{name} {value}: expected {most} or less")
    if out.exists():
        raise InputError(f"{out}: exists already; expected a new folder; remove it or name another")
    plan = Plan(mode=mode, raters=raters, trials=trials, checks=attention, seed=seed)
    study = create_study(dataset, out, methods=_methods(method), images=images, size_px=size, split=split, plan=plan)
    made = f"{len(study.images)} images x {len(study.methods)} methods, {len(study.orders[0])} trials for each of {raters} raters"
    return f"{out}: {made}; next: harmonize study serve {out}", 0


def _methods(texts: list[str]) -> dict[str, Path]:
    methods: dict[str, Path] = {}
    for text in texts:
        name, separator, path = text.partition("=")
        if not (name and separator and path):
            raise InputError(f"--method {text}: expected NAME=PATH")
        if name in (COMPOSITE, REAL):
            raise InputError(f"--method {text}: {name!r} is in every study already; expected another name")
        expect_name(name, of=f"--method {text[:200]}: its name")
        if alike([COMPOSITE, REAL, *methods, name]) is not None:  # large letters are small ones to many disks
            raise InputError(f"--method {text}: {name!r} is named twice; expected each method once")
        methods[name] = Path(path)
    return methods


def _serve(study: Path, host: str, port: int, public: list[str]) -> tuple[str, int]:
    try:
        from opinion_study.serving import serve
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "starlette", "h11", "uvicorn"):
            raise
        raise InputError(WITHOUT_SERVER) from error
    serve(study, host=host, port=port, public=public)
    return f"{study}: ended; report with `harmonize study report {study} --out FILE`", 0


def _report(study: Path, out: Path, votes: Path | None, misses: int) -> tuple[str, int]:
    write_opinions, write_votes = writer_for(out), writer_for(votes) if votes else None
    if misses < 0:
        raise InputError(f"--misses {misses}: expected 0 or more")
    definition = read_study(study)
    ballots = read_ballots(study, definition, misses=misses)
    opinions = summarise_opinions(definition, ballots)
    write_opinions(out, opinions)
    if votes and write_votes:
        write_votes(votes, ballots)
    return _told(opinions), 0


def _told(opinions: pa.Table) -> str:
    """The table in short, the best method first, and who was asked."""
    rows = ranked(opinions.to_pylist())
    first = rows[0]
    column = SCORE[first["mode"]]
    title = {"mos": "MOS"}.get(column, column)
    width = max(len(row["method"]) for row in rows)
    lines = [f"{'method':{width}}{title:>10}{'95 % interval':>18}{'votes':>8}{'raters':>8}"]
    for row in rows:
        value = "-" if row[column] is None else f"{row[column]:.2f}"
        interval = "-" if row["low"] is None else f"{row['low']:.2f} to {row['high']:.2f}"
        lines.append(f"{row['method']:{width}}{value:>10}{interval:>18}{row['n_votes']:>8}{row['n_raters']:>8}")
    names = {"alpha_ordinal": "Krippendorff's alpha, ordinal", "alpha_interval": "interval", "kendall_u": "Kendall's u"}
    agreement = ", ".join(f"{name} {first[key]:.2f}" for key, name in names.items() if first[key] is not None)
    left_out = f"left out for missed attention checks: {first['n_left_out']}; counted but not finished: {first['n_unfinished']}"
    return "\n".join([*lines, "; ".join(filter(None, [left_out, agreement]))])
