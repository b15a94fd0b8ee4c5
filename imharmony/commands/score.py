"""``harmonize score``: pictures with a truth by every protocol, and with ``--realism`` composites that have none."""

from imharmony.evaluation import cli as score_cli
from imharmony.realism import cli as realism_cli


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    return realism_cli.run(arguments) if realism_cli.is_asked_for(arguments) else score_cli.run(arguments)
