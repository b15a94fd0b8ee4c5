"""What a run changed in files that git tracks, and the way back from an experiment that loses nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from imharmony.errors import InputError

TRACKED = ("dvc.lock", "reports/metrics")  # what a run writes and git tracks
SHOWN = 3
KEEP = f"commit what is here (git add {' '.join(TRACKED)} && git commit)"


def tell_of_changes() -> None:
    """Says which tracked files a run left changed, and what committing them is good for."""
    changed = [line[3:] for line in _git("status", "--porcelain", "--untracked-files=no", "--", *TRACKED).splitlines()]
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        sys.stderr.write(f"changed in git: {', '.join(changed[:SHOWN])}{more}; {KEEP} and the next `dvc exp diff` compares with them\n")


def go_back() -> None:
    """The last commit's params.yaml, results and what they are made of, as they were.

    An ``InputError`` where DVC's cache lacks what the commit's lock names: checking it out would delete what lies here and bring nothing.
    """
    lock = _git("show", "HEAD:./dvc.lock")
    if not lock:
        raise InputError(f"HEAD has no dvc.lock to go back to; {KEEP}, which later ones can be compared with")
    here, cache = _here(), _cache()
    wanted = dict(_outputs(lock))
    whole = {path for path, md5 in wanted.items() if _has(cache, md5)}
    missing = sorted(path for path, md5 in wanted.items() if path not in whole and (md5 != here.get(path) or not Path(path).exists()))
    if missing:
        named = f"{', '.join(missing[:SHOWN])}{' ...' if len(missing) > SHOWN else ''}"
        came = f"DVC's cache lacks {len(missing)} outputs of the last commit ({named})"
        raise InputError(f"{came}; going back would delete what is here and restore nothing; {KEEP}, or get them (dvc pull)")
    subprocess.run(["git", "checkout", "--quiet", "HEAD", "--", "params.yaml", *TRACKED], check=True)
    subprocess.run(["git", "clean", "--quiet", "--force", "--", *TRACKED], check=True)  # numbers of methods that the commit does not have
    if whole:  # by name: DVC would delete what is as it was but is missing in the cache
        subprocess.run([sys.executable, "-m", "dvc", "checkout", "--quiet", "--force", *sorted(whole)], check=True)
    sys.stderr.write("params.yaml, dvc.lock, reports/metrics and all outputs are those of the last commit\n")


def _here() -> dict[str, str]:
    path = Path("dvc.lock")
    return dict(_outputs(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _outputs(lock: str) -> Iterator[tuple[str, str]]:
    """Outputs that DVC caches, with their hashes."""
    stages: dict[str, Any] = (YAML(typ="safe").load(lock) or {}).get("stages") or {}
    for stage in stages.values():
        for out in stage.get("outs", []):
            if out["path"] not in TRACKED:
                yield out["path"], out["md5"]


def _cache() -> Path:
    found = subprocess.run([sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip(), "files", "md5")


def _has(cache: Path, md5: str) -> bool:
    """Whether the cache has an output; a folder's entry lists its files."""
    entry = cache / md5[:2] / md5[2:]
    if not entry.exists() or not md5.endswith(".dir"):
        return entry.exists()
    files: list[dict[str, str]] = json.loads(entry.read_text(encoding="utf-8"))
    return all((cache / file["md5"][:2] / file["md5"][2:]).exists() for file in files)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""
