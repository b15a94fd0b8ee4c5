"""``python -m pipeline COMMAND``: what surrounds a run."""

import argparse
import sys
from collections.abc import Callable

from pipeline.choices import check_choices
from pipeline.code import update_deps
from pipeline.layout import REPORTS
from pipeline.params import load_params
from pipeline.publish import publish
from pipeline.stage import exit_code_of


def check() -> None:
    """Reads params.yaml whole and says what is wrong with it before anything runs."""
    params = load_params()
    check_choices(params)
    print(f"params.yaml: profile {params.profile!r}, {len(params.variants)} variants, {len(params.datasets)} data sets: as expected")


def where() -> None:
    """Says where the report is."""
    print(f"report: {(REPORTS / 'index.html').resolve().as_uri()}")


def deps() -> None:
    """Writes the modules that each stage reaches into dvc.yaml."""
    changed = update_deps()
    print(f"dvc.yaml: {'updated ' + ', '.join(changed) if changed else 'every stage lists the code that it runs'}")


COMMANDS: dict[str, Callable[..., None]] = {"check": check, "where": where, "deps": deps, "publish": publish}


def main() -> None:
    """Parses the command line and runs one command."""
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        if command is publish:
            sub.add_argument("name", help="what the files under reports/published/ are called")
    values = vars(parser.parse_args())
    sys.exit(exit_code_of(COMMANDS[values.pop("command")], values))


if __name__ == "__main__":
    main()
