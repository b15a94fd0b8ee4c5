"""Stage ``trace_code``: our modules -> features/P/code/<stage>: the files that a stage runs, with their hashes.

A stage depends on its own of these files. That is one entry in DVC's lock, which DVC reads and writes whole for every stage, in place
of some fifty; an import that is new or gone is seen by itself.
"""

from pathlib import Path

from imharmony.storage.files import atomic_folder, write_text
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import code_reached_from, fingerprint
from pipeline.steps.paths import Layout

STAGES = Path("stages")


def main() -> None:
    """Reads what each file of ``stages`` imports."""
    layout = Layout(load_params().profile)
    with atomic_folder(layout.code()) as out:
        for stage in sorted(path.stem for path in STAGES.glob("*.py") if path.stem != "__init__"):
            write_text(out / stage, fingerprint(code_reached_from(f"stages.{stage}")))


if __name__ == "__main__":
    run_stage(main, __doc__, {})
