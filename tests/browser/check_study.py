"""A study in a real browser: `make browser` (needs Chromium).

The scripted participant prefers the brighter picture, which the page itself cannot know.
"""

import shutil
import threading
import time
from types import SimpleNamespace

import pytest

from inpaintlab.study.server import listen, make_app
from inpaintlab.study.store import VoteStore
from inpaintlab.verbs.study import show_result
from tests.study.factory import study

pytestmark = pytest.mark.browser

BRIGHTNESS = """(side) => {
    const image = document.querySelector(`#${side} img`);
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(2, 2, 1, 1).data[0];
}"""

# Every frame: whether the pictures are on the screen, apart from what the page believes.
WATCH = """() => {
    window.frames_seen = [];
    const look = (now) => {
        const images = [...document.querySelectorAll("#pair img")];
        const seen = images.length === 2 && images.every((image) => getComputedStyle(image).visibility === "visible");
        window.frames_seen.push([now, seen, images.every((image) => image.complete && image.naturalWidth > 0)]);
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    words = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=words)
        yield started
        started.close()


@pytest.fixture
def page(browser):
    context = browser.new_context()
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.errors.append(message.text))
    yield page
    assert page.errors == []
    context.close()


@pytest.fixture
def serve(tmp_path):
    """Start a server for a study in tmp_path; returns address, study, store, and where it lies."""
    import uvicorn

    running = []

    def start(**settings):
        made = study(tmp_path, **settings)
        folder = tmp_path / "study"
        store, sock = VoteStore(folder / "votes.sqlite"), listen("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(make_app(made, store, folder / "page"), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        running.append((server, thread, store))
        while not server.started:
            time.sleep(0.01)
        address = f"http://127.0.0.1:{sock.getsockname()[1]}/"
        return SimpleNamespace(address=address, study=made, store=store, folder=folder)

    yield start
    for server, thread, store in running:
        server.should_exit = True
        thread.join(20)
        store.close()


def phase(page, *names):
    page.wait_for_function("(names) => names.includes(document.body.dataset.phase)", arg=list(names))


def begin(page, address):
    page.goto(address)
    page.get_by_role("button", name="Start").or_(page.get_by_role("button", name="Go on")).click()


def answer(page, how="key"):
    """Wait for a question, and prefer the brighter picture."""
    phase(page, "choosing")
    count = page.locator("#count").inner_text()
    side = "left" if page.evaluate(BRIGHTNESS, "left") > page.evaluate(BRIGHTNESS, "right") else "right"
    if how == "key":
        page.keyboard.press({"left": "ArrowLeft", "right": "ArrowRight"}[side])
    else:
        page.locator(f"#{side}").click()
    page.wait_for_function("(old) => document.querySelector('#count').textContent !== old", arg=count)


def test_twenty_votes_with_a_reload_in_the_middle(page, serve):
    served = serve(methods=("pconv", "telea", "madf"), pictures=5, trials=20)  # each 20 brighter than the last
    begin(page, served.address)
    for number in range(11):
        answer(page, ("key", "click")[number % 2])
    assert page.locator("#count").inner_text() == "11 of 20"
    phase(page, "choosing")
    before = page.locator("#left img").get_attribute("src"), page.locator("#right img").get_attribute("src")
    page.reload()
    page.get_by_role("heading", name="Welcome back").wait_for()
    assert "9 more times" in page.locator("#intro").inner_text()
    page.get_by_role("button", name="Go on").click()
    phase(page, "choosing")
    assert before == tuple(page.locator(f"#{side} img").get_attribute("src") for side in ("left", "right"))
    for number in range(9):
        answer(page, ("key", "click")[number % 2])
    page.get_by_role("heading", name="Thank you").wait_for()
    assert "All 20 answers are saved" in page.locator("#end").inner_text()
    page.reload()
    page.get_by_role("heading", name="Thank you").wait_for()

    votes = list(served.store.votes())
    assert [vote.number for vote in votes] == list(range(20))
    assert {vote.participant for vote in votes} == {votes[0].participant}
    record = show_result(served.folder).record
    assert (record["votes"], record["participants"], record["finished"]) == (20, 1, 1)
    pooled = {(r["first"], r["second"]): r for r in record["rows"] if r["bucket"] == "all"}
    assert sorted(row["votes"] for row in pooled.values()) == [6, 7, 7]
    assert {row["share"] for row in pooled.values()} == {0.0}  # the second of each pair is the brighter
    text = (served.folder / "result.md").read_text()
    assert "| madf | **100.0 %**" in text


def test_a_limited_pair_vanishes_in_time_and_only_then_is_asked(page, serve):
    served = serve(pictures=4, exposures=[0.25], trials=8)
    begin(page, served.address)
    page.evaluate(WATCH)
    for _ in range(4):
        phase(page, "looking")
        page.keyboard.press("ArrowLeft")  # too early: nothing has been asked yet
        assert page.locator("#left").is_disabled()
        answer(page)
    frames = page.evaluate("window.frames_seen")
    assert all(ready for _, seen, ready in frames if seen)
    votes = list(served.store.votes())
    assert len(votes) == 4
    assert all(vote.seconds > vote.shown for vote in votes)
    for vote, (begins, ends) in zip(votes, exposures(frames), strict=True):
        told = [
            (begin, end)
            for begin in begins
            for end in ends
            if end - begin == pytest.approx(1000 * vote.shown, abs=0.01)
        ]
        assert told  # how long the page says is how long the pair was seen, to the frame
        early = [begin + 250 - 4 for begin, _ in told]  # EARLY of study.js
        # Under load frames come late: the pair vanishes at the first one that is not too early, and at none before.
        assert any(
            end >= due > max(now for now, _, _ in frames if now < end)
            for (_, end), due in zip(told, early, strict=True)
        )


def exposures(frames):
    """Times of the frames at which each exposure may have begun and ended.

    Within one frame it is chance whether the page or the watcher comes first, so that each may be the one before.
    """
    times, seen = [now for now, _, _ in frames], [seen for _, seen, _ in frames]
    turns = [number for number in range(1, len(frames)) if seen[number] != seen[number - 1]]
    pairs = [(times[number - 1], times[number]) for number in turns]
    return list(zip(pairs[::2], pairs[1::2], strict=True))


def test_a_reload_shows_no_limited_pair_twice(page, serve):
    served = serve(exposures=[0.4], trials=3)
    begin(page, served.address)
    phase(page, "choosing")
    page.reload()
    page.get_by_role("button", name="Start").click()
    page.evaluate(WATCH)
    phase(page, "choosing")
    assert not any(seen for _, seen, _ in page.evaluate("window.frames_seen"))
    answer(page)
    phase(page, "looking")
    (vote,) = served.store.votes()
    assert vote.shown is None


IMPATIENT = """async () => {
    const bar = document.querySelector("#bar"), before = bar.value;
    const press = () => {
        document.querySelector("#left").click();
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
    };
    press();
    while (bar.value === before || !document.querySelector("#pair.shown")) await new Promise(requestAnimationFrame);
    for (let turn = 0; turn < 10; turn++) {
        press();
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}"""


def test_a_double_click_is_one_vote_even_when_the_next_pair_comes_quickly(page, serve):
    served = serve(trials=6)
    begin(page, served.address)
    for number in range(3):
        phase(page, "choosing")
        page.evaluate(IMPATIENT)
        assert page.locator("#count").inner_text() == f"{number + 1} of 6"
    assert len(list(served.store.votes())) == 3


def test_a_vote_survives_a_server_that_is_away(page, serve):
    served = serve(trials=3)
    begin(page, served.address)
    phase(page, "choosing")
    page.route("**/api/vote", lambda route: route.abort())
    page.keyboard.press("ArrowLeft")
    page.get_by_text("Not saved yet. Trying again…").wait_for()
    assert page.locator("#count").inner_text() == "0 of 3"
    page.unroute("**/api/vote")
    page.wait_for_function("() => document.querySelector('#bar').value === 1")
    assert [vote.choice for vote in served.store.votes()] == ["left"]
    page.errors.clear()  # the browser's own line about the aborted request


def test_an_answer_that_was_lost_on_the_way_back_is_not_doubled(page, serve):
    served = serve(trials=3)
    begin(page, served.address)
    phase(page, "choosing")

    def swallow(route):
        route.fetch()
        route.abort()

    page.route("**/api/vote", swallow, times=1)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#bar').value === 1")
    assert [(vote.number, vote.choice) for vote in served.store.votes()] == [(0, "right")]
    page.errors.clear()


def test_the_address_may_name_the_participant(page, serve):
    served = serve(trials=2)
    begin(page, served.address + "?participant=worker_7")
    answer(page)
    assert [vote.participant for vote in served.store.votes()] == ["worker_7"]
    page.goto(served.address + "?participant=not%20a%20word")
    page.get_by_role("heading", name="The study cannot be reached").wait_for()
    assert "letters, digits" in page.locator("#trouble").inner_text()
    page.errors.clear()


def test_without_storage_the_address_keeps_the_participant(page, serve):
    served = serve(trials=3)
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } })")
    begin(page, served.address)
    answer(page)
    assert "?participant=" in page.url
    page.reload()
    page.get_by_role("heading", name="Welcome back").wait_for()
    assert page.locator("#count").inner_text() == "1 of 3"


@pytest.mark.parametrize("size", [(390, 844), (320, 568), (844, 390), (1440, 900)])
def test_everything_fits_on_the_screen(browser, serve, size):
    served = serve(trials=2)
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=True)
    page = context.new_page()
    begin(page, served.address)
    phase(page, "choosing")
    wide, high = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert wide <= size[0]
    assert high <= size[1]
    boxes = [page.locator(f"#{side}").bounding_box() for side in ("left", "right")]
    assert boxes[0]["width"] == pytest.approx(boxes[1]["width"])
    assert boxes[0]["width"] == pytest.approx(boxes[0]["height"], abs=1)
    assert boxes[0]["width"] > (0.3 if size[1] > 600 else 0.28) * max(size)
    page.locator("#right").tap()
    page.wait_for_function("() => document.querySelector('#bar').value === 1")
    assert [vote.choice for vote in served.store.votes()] == ["right"]
    context.close()
