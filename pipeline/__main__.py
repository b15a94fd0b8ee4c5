"""``python -m pipeline COMMAND``: runs the graph, and what surrounds a run."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from pipeline.params.file import PARAMS_FILE, load_params
from pipeline.run import command
from pipeline.run.command import only_run_here, say
from pipeline.run.tracked import go_back, tell_of_changes
from pipeline.run.workspace import expect_workspace
from pipeline.steps.entry import exit_code_of
from pipeline.steps.fingerprints import changed_cells
from pipeline.steps.paths import REPORTS
from pipeline.steps.prospects import expect_models

# What imports torch is imported where it is needed, because a run that finds nothing to do should end at once.


def check() -> None:
    """Reads params.yaml whole and says what is wrong with it before anything runs."""
    from pipeline.params.offers import check_choices
    from pipeline.steps.prospects import check_prospects
    from pipeline.steps.trials import try_variants

    params = load_params()
    check_choices(params)
    check_prospects(params)
    try_variants(params)
    variants = f"{len(params.variants)} of {len(params.catalogue)} variants"
    print(f"params.yaml: profile {params.profile!r}, {variants}, {len(params.datasets)} data sets: as expected")
    for line in params.prerequisites.idle():
        print(f"params.yaml: {line}")


def draw(names: Sequence[str]) -> None:
    """Chooses in params.yaml what is trained: names or patterns of variants, systems as `joint.separate`, `all`, or `default`."""
    from pipeline.params.drawing import draw

    params = draw(names)
    print(f"params.yaml: {len(params.variants)} of {len(params.catalogue)} variants: {', '.join(params.variants)}")
    for key in ("classifiers", "preprocessed", "decomposers"):
        print(f"{key}: {', '.join(getattr(params, key)) or 'none'}")
    print(f"matting: {', '.join(params.matting) or 'none'}")
    for key, systems in {"blind": params.blind, "joint": params.joint, "videos": params.videos}.items():
        harmonizers = dict.fromkeys(system.harmonizer for system in systems.values() if system.harmonizer in params.variants)
        print(f"{key}: {', '.join(systems) or 'none'}" + (f", which need {', '.join(harmonizers)} above" if harmonizers else ""))


def run(targets: Sequence[str], *, jobs: int | None, dry_run: bool, pull: bool) -> int:
    """Brings the targets (all, if none are named) up to date, stages side by side."""
    watch = command.unwatched
    if os.environ.get("PREFECT_API_URL"):
        from pipeline.dashboard.client import watched  # httpx takes a fifth of a second, which a run that nobody watches need not spend

        watch = watched
    if PARAMS_FILE.is_file():  # if not, the next line says where it was looked for
        expect_models(load_params())
    code = command.run(targets, jobs=jobs, dry_run=dry_run, pull=pull, watch=watch, changed=changed_cells)
    if code == 0 and not dry_run:  # what a failed run left is nothing to commit
        tell_of_changes()
    return code


def verify() -> int:
    """Compares outputs and DVC's cache with dvc.lock, by the hash of every file; exit code 1 where something is wrong."""
    from pipeline.run.integrity import verify

    expect_workspace(say=say)
    return verify(say=print)


def work(*, prune: bool, everything: bool) -> None:
    """Lists the partial results in .work/, or drops those that the present code and parameters would not take up."""
    from pipeline.run.work import list_work, prune_work

    expect_workspace(say=say)
    with only_run_here(say=say):
        if prune or everything:
            prune_work(load_params(), everything=everything, say=print)
        else:
            list_work(load_params(), say=print)


def sweep(name: str, jobs: int) -> int:
    """Queues the experiments of a preset in sweeps.yaml and starts workers for them, which go on by themselves."""
    from pipeline.run.sweep import sweep

    code = sweep(name, jobs=jobs, say=say)
    if code == 0:
        print("dvc queue status: how they go    dvc queue logs NAME: what one says    dvc exp show --only-changed: what came out")
    return code


def where() -> None:
    """Says where the report is."""
    print(f"report: {(REPORTS / 'index.html').resolve().as_uri()}")


def back() -> None:
    """Goes back to the last commit's parameters and results, after an experiment; refuses where results would be lost by it."""
    go_back()


COMMANDS: dict[str, Callable[..., int | None]] = {
    "run": run,
    "sweep": sweep,
    "check": check,
    "draw": draw,
    "where": where,
    "back": back,
    "verify": verify,
    "work": work,
}


def main() -> None:
    """Parses the command line and runs one command."""
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, chosen in COMMANDS.items():
        sub = commands.add_parser(name, help=(chosen.__doc__ or "").splitlines()[0], description=chosen.__doc__)
        if chosen is sweep:
            sub.add_argument("name", help="a preset of sweeps.yaml")
            sub.add_argument("--jobs", type=int, default=1, help="experiments at once (default: 1)")
        if chosen is draw:
            sub.add_argument("names", nargs="+", metavar="NAME", help="of the catalogue, or a pattern such as 'fcn_*'; all; default")
        if chosen is work:
            sub.add_argument("--prune", action="store_true", help="drop what no present fingerprint would take up")
            sub.add_argument("--all", action="store_true", dest="everything", help="drop the others and the downloads too")
        if chosen is run:
            sub.add_argument("targets", nargs="*", metavar="TARGET", help="a stage, all cells of one, or an output; all if none is given")
            sub.add_argument("--jobs", type=int, help="stages at once; one per core if it is not given")
            sub.add_argument("--dry-run", action="store_true", help="only say what is stale")
            sub.add_argument("--pull", action="store_true", help="take what DVC's remote has from there instead of making it")
    values = vars(parser.parse_args())
    sys.exit(exit_code_of(COMMANDS[values.pop("command")], values))


if __name__ == "__main__":
    main()
