"""Three raters in a real browser, a server that is killed in between, and how the page behaves."""

import re
import signal

import pytest
from playwright.sync_api import Page, Route, expect

from imharmony.storage.files import sha256_of
from opinion_study.definition import definition_path, read_study
from opinion_study.store import read_votes, votes_path
from tests.opinion_study.small import honest, make, served

SIZES = ({"width": 1280, "height": 800}, {"width": 390, "height": 800})
NAMES = ("desktop", "phone")
LIKING = {"real": 5, "sombre": 3, "composite": 2, "garish": 1}


@pytest.fixture(scope="module")
def open_page(browser):
    """Opens a page of its own context that notes requests to elsewhere and what it complains of."""
    contexts, problems = [], []

    def look(route: Route) -> None:
        if not route.request.url.startswith(("http://127.0.0.1:", "data:")):
            problems.append(route.request.url)
        route.continue_()

    def open_page(address: str, **options) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.route("**/*", look)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    assert problems == []
    assert all(context.cookies() == [] for context in contexts)
    for context in contexts:
        context.close()


def begin(page: Page) -> None:
    page.get_by_role("button", name="Begin").click()
    expect(page).to_have_url(re.compile("/r/"))


def wait_for(page: Page, trial: int) -> None:
    """Until the trial is on the screen and an answer is taken."""
    expect(page.locator("#count")).to_have_text(re.compile(f"^{trial + 1} of "))
    expect(page.locator("#choices")).to_have_attribute("aria-busy", "false")


def answer(page: Page, trial: int, score: int, *, by: str) -> None:
    wait_for(page, trial)
    if by == "key":
        page.keyboard.press(str(score))
    else:
        page.locator("#choices button").nth(score - 1).click()


def stored(folder):
    return read_votes(votes_path(folder), study_sha256=sha256_of(definition_path(folder)))


def test_three_raters_lose_no_vote_when_the_server_is_killed_and_go_on_by_their_links(composites, outputs, tmp_path, open_page):
    folder = make(composites, outputs, tmp_path / "two", images=2)
    study = read_study(folder)
    answers = {rater: honest(study, rater, LIKING) for rater in range(3)}
    stops = {0: 4, 1: 6, 2: 1}
    with served(folder) as server:
        pages = [open_page(server.address) for _ in answers]
        for rater, page in enumerate(pages):
            begin(page)
            for trial in range(stops[rater]):
                answer(page, trial, answers[rater][trial], by="key" if rater else "button")
            wait_for(page, stops[rater])
        links = [page.url for page in pages]
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        pages[0].keyboard.press("1")
        expect(pages[0].get_by_role("alert")).to_contain_text("Your answer is not saved yet")
        port = server.port
    assert len(stored(folder)) == sum(stops.values())
    with served(folder, port):
        pages[0].get_by_role("button", name="Try again").click()
        answers[0][stops[0]] = 1
        wait_for(pages[0], stops[0] + 1)
        pages[1:] = [open_page(link) for link in links[1:]]
        for rater, page in enumerate(pages):
            for trial in range(stops[rater] + (rater == 0), len(answers[rater])):
                answer(page, trial, answers[rater][trial], by="button" if rater else "key")
            expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        expect(open_page(links[0]).get_by_role("heading", name="Thank you")).to_be_visible()
        assert [tuple(vote) for vote in stored(folder)] == [(r, trial, score) for r in answers for trial, score in enumerate(answers[r])]


@pytest.fixture(scope="module")
def server(composites, outputs, tmp_path_factory):
    with served(make(composites, outputs, tmp_path_factory.mktemp("page") / "opinions")) as server:
        yield server


@pytest.fixture
def page(server, open_page):
    page = open_page(server.address)
    begin(page)
    wait_for(page, 0)
    return page


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_the_picture_and_every_answer_are_on_the_screen_at_once(size, page):
    page.set_viewport_size(size)
    for item in [page.locator("#pictures img"), *page.locator("#choices button").all()]:
        box = item.bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= size["width"]
        assert box["y"] + box["height"] <= size["height"]
    for button in page.locator("#choices button").all():
        assert min(button.bounding_box()["width"], button.bounding_box()["height"]) >= 44


def test_a_picture_has_its_photographs_shape(page):
    box = page.locator("#pictures img").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(56 / 40, rel=0.02)


def test_controls_have_names_and_progress_is_told(page):
    names = ["1 Bad", "2 Poor", "3 Fair", "4 Good", "5 Excellent"]
    assert [button.text_content() for button in page.get_by_role("button").all()] == names
    expect(page.get_by_role("group", name="How natural does this picture look?")).to_be_visible()
    expect(page.get_by_role("progressbar", name="1 of 14")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("1 of 14. How natural does this picture look?")
    assert page.get_by_role("img", name="The picture to rate").count() == 1


def test_the_tab_key_and_space_answer_and_the_focus_stays(page):
    page.locator("#choices button").nth(2).focus()
    page.keyboard.press("Space")
    wait_for(page, 1)
    assert page.evaluate("document.activeElement.textContent") == "3 Fair"


def test_a_key_that_is_held_down_answers_once(page):
    page.keyboard.down("4")
    wait_for(page, 1)
    for _ in range(3):
        page.keyboard.down("4")  # Chromium marks these as repeated
    page.keyboard.up("4")
    page.reload()
    wait_for(page, 1)


def test_a_second_window_of_the_same_rater_goes_on_where_the_first_is(page, open_page):
    twin = open_page(page.url)
    answer(twin, 0, 2, by="key")
    wait_for(twin, 1)
    page.keyboard.press("5")
    wait_for(page, 1)
    page.reload()
    wait_for(page, 1)


def test_an_unknown_link_says_so(server, open_page):
    page = open_page(f"{server.address}r/guess")
    expect(page.get_by_role("heading", name="This link is not known here")).to_be_visible()
    page.get_by_role("link", name="begin anew").click()
    expect(page.get_by_role("button", name="Begin")).to_be_visible()


def test_the_first_page_tells_what_is_kept(server, open_page):
    page = open_page(server.address)
    expect(page.locator("#start")).to_contain_text("no name, no address, no cookie")
    expect(page.locator("#start")).to_contain_text("There are 14 questions")


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_two_pictures_are_of_one_size_and_chosen_by_key(size, pairs, open_page):
    with served(pairs) as server:
        page = open_page(server.address, viewport=size, color_scheme="dark")
        begin(page)
        wait_for(page, 0)
        first, second = (image.bounding_box() for image in page.locator("#pictures img").all())
        assert (first["width"], first["height"]) == (second["width"], second["height"])
        assert (first["x"] < second["x"]) if size["width"] > size["height"] else (first["y"] < second["y"])
        assert second["y"] + second["height"] <= page.locator("#choices").bounding_box()["y"]
        page.keyboard.press("3")
        page.keyboard.press("2")
        wait_for(page, 1)
        assert [vote.score for vote in stored(pairs)] == [2]
        page.goto("about:blank")
