"""``python -m benchmarks.hostile``: what becomes of inputs that nobody should have to expect.

Each is tried in a process of its own. Good are ``done`` (the result was judged) and ``refused`` (exit code 2, one line, nothing written).
All else is a defect: a traceback, a hang, a crash, silent (accepted although wrong), lost (an input changed), too much memory, several
lines, another exit code. ``--share 0.1 --draw TEXT`` tries a tenth, drawn by the text.
"""

import argparse
import csv
import multiprocessing
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.hostile.attempts import BAD, GOOD
from benchmarks.hostile.draw import attempts, drawn, one

RESULT = Path(__file__).resolve().parent.parent / "results" / "hostile.csv"
STATES = (*GOOD, *BAD)


def main() -> None:
    """Tries, prints what is wrong and the table; exit code 1 if anything is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="how many of all are tried")
    parser.add_argument("--draw", default="", help="what decides which; the commit's hash, say")
    parser.add_argument("--kind", action="append", default=[], help="only this kind")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", action="store_true", help=f"keep the table as {RESULT.name}")
    options = parser.parse_args()
    begin, counts, slow = time.perf_counter(), Counter(), []
    numbers = list(drawn(options.share, options.draw, options.kind))
    with ProcessPoolExecutor(options.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for number, outcome, seconds in pool.map(one, numbers, chunksize=8):
            attempt = attempts()[number]
            counts[attempt.kind, outcome.state] += 1
            slow.append((seconds, f"{attempt.kind}: {attempt.name}"))
            if outcome.state in BAD:
                print(
                    f"{outcome.state}: {attempt.kind}: {attempt.name}: {outcome.said[:300]}".encode("ascii", "replace").decode(), flush=True
                )
    rows = _table(counts)
    for row in rows:
        print(f"{row['kind']:24}" + "".join(f"{row[state]:>10}" for state in STATES))
    wrong = sum(counts[key] for key in counts if key[1] in BAD)
    print(f"{len(numbers)} inputs, {wrong} ended badly; {time.perf_counter() - begin:.0f} s; slowest: {max(slow, default=(0, ''))[1]}")
    if options.write:
        rows = _with_others(rows)
        with RESULT.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["kind", *STATES], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    sys.exit(bool(wrong))


def _table(counts: Counter) -> list[dict[str, object]]:
    kinds = list(dict.fromkeys(attempt.kind for attempt in attempts() if any(key[0] == attempt.kind for key in counts)))
    rows: list[dict[str, object]] = [{"kind": kind} | {state: counts[kind, state] for state in STATES} for kind in kinds]
    return [*rows, {"kind": "all"} | {state: sum(counts[kind, state] for kind in kinds) for state in STATES}]


def _with_others(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The rows, and those of kinds that were not tried as they are kept, in their order; summed anew."""
    kept: list[dict[str, object]] = []
    if RESULT.is_file():
        with RESULT.open(encoding="utf-8", newline="") as file:
            kept = [{key: int(value) if key in STATES else value for key, value in row.items()} for row in csv.DictReader(file)]
    known = {row["kind"]: row for row in [*kept, *rows] if row["kind"] != "all"}
    found = [known[kind] for kind in dict.fromkeys(attempt.kind for attempt in attempts()) if kind in known]
    return [*found, {"kind": "all"} | {state: sum(int(str(row[state])) for row in found) for state in STATES}]


if __name__ == "__main__":
    main()
