"""What tests of the page share."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.imharmony.web.browsing import NAMES, SIZES
from tests.imharmony.web.drawn import Drawn, Served, draw, served

REFUSED = "Failed to load resource"  # what Chromium says of every answer that is an error


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Drawn:
    """Files of one composite; nobody changes them."""
    return draw(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def page_server():
    with served("--max-megabytes", "1") as server:
        yield server


@pytest.fixture(scope="module")
def open_page(browser):
    """Opens a page of its own context; afterwards nothing came from elsewhere, and nothing was complained of."""
    contexts, problems = [], []

    def look(route: Route) -> None:
        if not route.request.url.startswith(("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:")):
            problems.append(route.request.url)
        route.continue_()

    def open_page(server: Served, **options) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.route("**/*", look)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(server.address)
        expect(page.locator("#model option")).not_to_have_count(0)
        return page

    yield open_page
    for context in contexts:
        assert context.cookies() == []
        context.close()
    assert [problem for problem in problems if not problem.startswith(REFUSED)] == []


@pytest.fixture(params=SIZES, ids=NAMES)
def page(page_server, open_page, request):
    page = open_page(page_server, viewport=request.param)
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= request.param["width"]


@pytest.fixture
def desk(page_server, open_page):
    return open_page(page_server, viewport=SIZES[0])
