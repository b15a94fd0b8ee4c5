"""A study's service on a port, one at a time for each study."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from imharmony.errors import InputError
from imharmony.storage.files import sha256_of
from imharmony.storage.locks import held
from imharmony.web.guarding import Guard, served_under
from imharmony.web.serving import address_of, bound, run_until_told
from opinion_study.definition import definition_path, expect_pictures, read_study
from opinion_study.server import app_of
from opinion_study.store import VoteStore, votes_path


def serve(folder: Path, *, host: str, port: int, public: Sequence[str] = ()) -> None:
    """Serves the study in a folder until Ctrl-C or SIGTERM; says the address on standard error. Port 0 is any free one.

    It answers under the names of ``host`` and under ``public`` addresses, those of a proxy before it.
    """
    served = served_under(host, public)
    study = read_study(folder)
    expect_pictures(folder, study)
    digest = sha256_of(definition_path(folder))
    with (
        _alone(folder),
        closing(bound(host, port)) as listener,
        closing(VoteStore(votes_path(folder), study_sha256=digest)) as store,
    ):
        sys.stderr.write(f"study {study.name}: {address_of(host, listener)} (Ctrl-C ends it; votes are kept)\n")
        sys.stderr.flush()
        run_until_told(Guard(app_of(study, folder, store), served, what="study", option="--public", key="detail"), listener)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the study's lock."""

    def refuse(process: str) -> None:
        raise InputError(f"{folder}: this study is being served already (process {process}); end that one first")

    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder / "serving.lock", busy=refuse))
        except OSError as error:
            raise InputError(f"{folder}: cannot write there ({error}); expected a folder that can hold the votes") from error
        yield
