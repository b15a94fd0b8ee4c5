"""``python -m reporting publish NAME``: keeps the last report's small tables in git."""

import argparse
import sys

from pipeline.steps.entry import exit_code_of
from reporting.publish import publish


def main() -> None:
    """Parses the command line and runs one command."""
    parser = argparse.ArgumentParser(prog="python -m reporting", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    keep = commands.add_parser("publish", help=(publish.__doc__ or "").splitlines()[0], description=publish.__doc__)
    keep.add_argument("name", help="what the files under reports/published/ are called")
    values = vars(parser.parse_args())
    values.pop("command")
    sys.exit(exit_code_of(publish, values))


if __name__ == "__main__":
    main()
