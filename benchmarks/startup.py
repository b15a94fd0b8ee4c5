"""How much of the processor each stage takes before it begins, now and at an earlier revision.

Imports every stage, and asks for ``harmonize --help``, in fresh processes: at the revision and here in turn, so that other work on the
machine weighs on both. The least of the rounds counts, in seconds of the processor.

    python -m benchmarks.startup --against REVISION [--rounds 3] [--stages filter_masks train] [--out benchmarks/results/startup.csv]
"""

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.tables import write_csv
from pipeline.steps.git import change

HELP = "harmonize --help"
HELP_CODE = "import sys; sys.argv = ['harmonize', '--help']\nfrom imharmony.cli import main\ntry: main()\nexcept SystemExit: pass"
TELL = "import sys, time; print(time.process_time(), *(name for name in {names} if name in sys.modules))"
HEAVY = ("torch", "lightning_fabric", "dvclive", "pandas", "matplotlib", "scipy.fft", "scipy.sparse", "scipy.stats", "httpx", "cv2")


def costs(root: Path, code: str) -> tuple[float, list[str]]:
    """Processor seconds of a fresh process that runs the code in a folder of ours, and what of ``HEAVY`` it loaded."""
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-c", f"{code}\n{TELL.format(names=HEAVY)}"]
    printed = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True).stdout
    seconds, *names = printed.splitlines()[-1].split()
    return float(seconds), names


def unpack(revision: str, folder: Path) -> None:
    """The files of a revision, compiled as ours are."""
    archive = folder / "revision.tar"
    change("archive", "--output", str(archive), revision)
    subprocess.run(["tar", "-x", "-f", str(archive), "-C", str(folder)], check=True)
    compileall.compile_dir(folder / "imharmony", quiet=1)
    compileall.compile_dir(folder / "pipeline", quiet=1)


def codes(root: Path) -> Mapping[str, str]:
    """What is run, by its name."""
    stages = sorted(path.stem for path in (root / "stages").glob("[a-z]*.py"))
    return {HELP: HELP_CODE} | {stage: f"import stages.{stage}" for stage in stages}


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", required=True, metavar="REVISION")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stages", nargs="+", help="only these")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/startup.csv"))
    arguments = parser.parse_args()
    here, rows = Path.cwd(), []
    with tempfile.TemporaryDirectory() as name:
        unpack(arguments.against, Path(name))
        chosen = {what: code for what, code in codes(here).items() if arguments.stages is None or what in (HELP, *arguments.stages)}
        for what, code in chosen.items():
            before, now = zip(*[(costs(Path(name), code), costs(here, code)) for _ in range(arguments.rounds)], strict=True)
            least = min(before)[0], min(now)[0]
            saved = [each for each in min(before)[1] if each not in min(now)[1]]
            row = {
                "what": what,
                "before, s": f"{least[0]:.2f}",
                "now, s": f"{least[1]:.2f}",
                "no longer loaded": ", ".join(saved) or "–",
                "still": ", ".join(min(now)[1]) or "–",
            }
            print(row, flush=True)
            rows.append(row)
    write_csv(arguments.out, rows)


if __name__ == "__main__":
    main()
