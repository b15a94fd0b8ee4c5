"""What tests of the report share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.reports import reported


@pytest.fixture(scope="module")
def report_folder(tmp_path_factory, session_folder) -> Iterator[Path]:
    """A folder in which a small run was scored and reported; the current one meanwhile."""
    with reported(tmp_path_factory.mktemp("workspace"), session_folder) as folder:
        yield folder


@pytest.fixture
def inside(report_folder, monkeypatch) -> Path:
    """The same, the current one in this test."""
    monkeypatch.chdir(report_folder)
    return report_folder


@pytest.fixture(scope="module")
def address(report_folder) -> str:
    return (report_folder / "reports" / "index.html").as_uri()


@contextmanager
def opened(browser: Browser, address: str, width: int) -> Iterator[Page]:
    """The page at a width; afterwards no request may have left its folder and no error may have been logged."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page, problems = context.new_page(), []

    def look(route: Route) -> None:
        if not route.request.url.startswith(("data:", address)):
            problems.append(route.request.url)
        route.continue_()

    page.route("**/*", look)
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert problems == []


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def page(request, browser, address) -> Iterator[Page]:
    """The page at two widths."""
    with opened(browser, address, request.param) as page:
        yield page


@pytest.fixture
def wide_page(browser, address) -> Iterator[Page]:
    """The page on a desktop alone, for what its width does not change."""
    with opened(browser, address, 1280) as page:
        yield page
