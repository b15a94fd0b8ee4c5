"""Settings that every test relies on."""

import functools
import gc
import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from pipeline.params import yaml_files
from pipeline.steps import fingerprints

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LONGEST = (
    "test_pipeline_end_to_end.py",
    "test_killed_walk.py",
    "test_walk_experiments.py",
    "test_executed_code.py",
    "test_command.py",
    "test_flow.py",
    "test_fingerprints.py",
    "test_spool.py",
    "test_cli_photographs.py",
    "test_parallel.py",
    "test_intrinsic_stages.py",
    "test_report.py",
    "test_report_choices.py",
    "test_kernels.py",
    "test_report_page.py",
    "test_integrity.py",
    "test_tracked.py",
    "test_train.py",
    "test_statistics.py",
    "test_report_at_size.py",
)


# What is imported and collected lives until the end: a million objects, which every full collection of garbage would go through.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # or libraries say at exit that they leak


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: of processes that share the files out, none is left alone with one of them at the end."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


@pytest.fixture(scope="session", autouse=True)
def _code_is_read_once() -> Iterator[None]:
    """No test changes the code that it runs, so all fingerprints of a process are made of one reading of it, which takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprints, "source_code", functools.cache(fingerprints.source_code))
        yield


@pytest.fixture(scope="session", autouse=True)
def _yaml_is_parsed_once() -> Iterator[None]:
    """The same text is the same tree, and params.yaml takes a third of a second."""
    parse = yaml_files._tree_of

    @functools.cache
    def pickled(text: str, path: Path) -> bytes:
        return pickle.dumps(parse(text, path))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_files, "_tree_of", lambda text, path: pickle.loads(pickled(text, path)))
        yield


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory) -> Path:
    """One folder of all processes of the session."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser without a window; a test that needs one is skipped where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"needs a browser: one of {', '.join(BROWSERS)}")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
