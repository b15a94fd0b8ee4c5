"""What a run changed in files that git tracks, and the way back from an experiment that loses nothing."""

import os
import subprocess
import sys
from pathlib import Path

from imharmony.errors import InputError
from pipeline.run.integrity import Reader, cache_here
from pipeline.run.lock_file import hashes, outputs_in
from pipeline.steps.git import UNLOCKED, change, git, has_repository

TRACKED = ("dvc.lock", "reports/metrics")  # what a run writes and git tracks
SHOWN = 3
KEEP = f"commit what is here (git add {' '.join(TRACKED)} && git commit)"


def tell_of_changes() -> None:
    """Says which tracked files a run left changed, and what committing them is good for."""
    said = git("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--", *TRACKED) or ""
    changed = [entry[3:] for entry in said.split("\0") if entry]
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        sys.stderr.write(f"changed in git: {', '.join(changed[:SHOWN])}{more}; {KEEP} and the next `dvc exp diff` compares with them\n")


def go_back() -> None:
    """The last commit's params.yaml, results and what they are made of, as they were.

    An ``InputError`` where DVC's cache lacks what the commit's lock names: checking it out would delete what lies here and bring nothing.
    """
    if not has_repository():
        raise InputError(f"{Path.cwd()}: no git repository; expected one, whose last commit is gone back to; git init, and commit results")
    lock = git("show", "HEAD:./dvc.lock")
    if not lock:
        raise InputError(f"HEAD has no dvc.lock to go back to; {KEEP}, which later ones can be compared with")
    here = hashes()
    wanted = {output.path: output.md5 for output in outputs_in(lock, name="HEAD:dvc.lock") if output.path not in TRACKED}
    reader = Reader(cache_here())
    whole = {path for path, md5 in wanted.items() if reader.has(md5)}
    missing = sorted(path for path, md5 in wanted.items() if path not in whole and (md5 != here.get(path) or not Path(path).exists()))
    if missing:
        named = f"{', '.join(missing[:SHOWN])}{' ...' if len(missing) > SHOWN else ''}"
        came = f"DVC's cache lacks {len(missing)} outputs of the last commit ({named})"
        raise InputError(f"{came}; going back would delete what is here and restore nothing; {KEEP}, or get them (dvc pull)")
    change("checkout", "--quiet", "HEAD", "--", "params.yaml", *TRACKED)
    change("clean", "--quiet", "--force", "--", *TRACKED)  # numbers of methods that the commit does not have
    if whole:  # by name: DVC would delete what is as it was but is missing in the cache
        subprocess.run(
            [sys.executable, "-m", "dvc", "checkout", "--quiet", "--force", *sorted(whole)], check=True, env=os.environ | UNLOCKED
        )
    sys.stderr.write("params.yaml, dvc.lock, reports/metrics and all outputs are those of the last commit\n")
