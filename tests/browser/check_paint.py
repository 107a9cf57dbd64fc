"""The page with a brush in a real browser: `make browser` (needs Chromium)."""

import re
import shutil
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import skimage.data
from PIL import Image

from inpaintlab.filling.pictures import predict
from inpaintlab.painting.desk import Desk
from inpaintlab.painting.files import open_file
from inpaintlab.painting.server import listen, make_app
from inpaintlab.painting.worker import Answer, Ready, Trouble
from tests.helpers.composing import composed
from tests.painting import models
from tests.painting.factory import decoded, desk, hole, in_thread, until

pytestmark = pytest.mark.browser

MODELS = ("telea", "navier_stokes", "mean_color")
SIZE = (200, 240)
SHARE_OF_THE_MIDDLE = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Uint32Array(data.buffer);
    const middle = colours[colours.length / 2 + canvas.width / 2];
    return colours.filter((colour) => colour === middle).length / colours.length;
}"""
"""How much of a canvas has the colour of its middle."""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    words = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=words, timeout=90_000)
        yield started
        started.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server with three models and a photograph from the start; its folder and its address."""
    folder = tmp_path_factory.mktemp("paint")
    Image.fromarray(skimage.data.astronaut()[: SIZE[0], 100 : 100 + SIZE[1]]).save(folder / "photo.png")
    made = desk(folder / "cases", MODELS, open_file(folder / "photo.png", 1))
    with at_an_address(made) as address:
        yield SimpleNamespace(folder=folder, address=address)


@contextmanager
def at_an_address(made):
    """Serve a desk in a thread."""
    import uvicorn

    sock = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(make_app(made), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{sock.getsockname()[1]}/"
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def visit(browser, served):
    """Open the page; afterwards there must have been no error and no request to another host."""
    pages = []

    def start(width=1400, height=900, touch=False, address=served.address):
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, accept_downloads=True
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.errors, page.requests = [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and page.errors.append(message.text))
        page.on("request", lambda request: page.requests.append(request.url))
        page.address = address
        page.goto(address)
        page.wait_for_function("() => document.body.dataset.phase === 'open'")
        page.wait_for_function("() => !document.querySelector('#fill').disabled")
        pages.append(page)
        return page

    yield start
    for page in pages:
        assert page.errors == []
        assert all(url.startswith((page.address, "blob:")) for url in page.requests)
        page.context.close()


class Screen:
    """Where the picture's pixels are on the screen, when all of it is fitted."""

    def __init__(self, page):
        box = page.locator("#panes canvas").first.bounding_box()
        margin = min(32, box["width"] / 20, box["height"] / 20)
        self.scale = min((box["width"] - 2 * margin) / SIZE[1], (box["height"] - 2 * margin) / SIZE[0], 4)
        self.left = box["x"] + (box["width"] - self.scale * SIZE[1]) / 2
        self.top = box["y"] + (box["height"] - self.scale * SIZE[0]) / 2

    def at(self, x, y):
        return self.left + self.scale * x, self.top + self.scale * y


def stroke(page, *points):
    screen = Screen(page)
    page.mouse.move(*screen.at(*points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*screen.at(*point), steps=6)
    page.mouse.up()


def mask_of(page):
    """The hole as the page saves it, (H, W) bool."""
    with page.expect_download() as saved:
        page.locator("#save-mask").click()
    picture = np.asarray(Image.open(saved.value.path()).convert("L"))
    assert set(np.unique(picture)) <= {0, 255}
    return picture > 127


def brush(x0, y0, x1, y1, width):
    """Pixels whose centres lie within half the width of a line, by numpy."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    along = ((columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / max(1e-9, (x1 - x0) ** 2 + (y1 - y0) ** 2)
    along = along.clip(0, 1)
    return np.hypot(columns - x0 - along * (x1 - x0), rows - y0 - along * (y1 - y0)) <= width / 2


def set_size(page, pixels):
    page.evaluate("""(value) => {
        const slider = document.querySelector("#size");
        slider.value = 100 * Math.log(value) / Math.log(400);
        slider.dispatchEvent(new Event("input"));
    }""", pixels)  # fmt: skip
    assert page.locator("#size-told").inner_text() == f"{pixels} px"


def put_mask(page, path):
    page.locator("#mask-file").set_input_files(path)
    page.wait_for_function("() => document.querySelector('#painted').textContent !== 'nothing painted'")


def fill(page):
    page.locator("#fill").click()
    page.wait_for_function(
        "(count) => document.querySelectorAll('.card.done canvas').length === count",
        arg=len(MODELS),
    )


def test_strokes_undo_and_redo_are_exact(visit):
    page = visit()
    set_size(page, 20)
    page.keyboard.press("b")
    stroke(page, (60, 50), (120, 90))
    first = mask_of(page)
    assert (first ^ brush(60, 50, 120, 90, 20)).sum() <= 0.02 * first.sum()  # the screen's pixels are whole ones
    stroke(page, (150, 150), (190, 150))
    second = mask_of(page)
    assert second.sum() > first.sum()
    page.keyboard.press("e")
    stroke(page, (150, 150), (170, 150))
    third = mask_of(page)
    assert first.sum() < third.sum() < second.sum()
    for expected in (second, first, np.zeros(SIZE, bool)):
        page.keyboard.press("Control+z")
        assert np.array_equal(mask_of(page), expected)
    assert page.locator("#undo").is_disabled()
    for expected in (first, second, third):
        page.keyboard.press("Control+Shift+z")
        assert np.array_equal(mask_of(page), expected)
    assert page.locator("#redo").is_disabled()


def test_box_lasso_invert_outline_grow_and_shrink(visit, served):
    page = visit()
    page.keyboard.press("r")
    stroke(page, (40, 30), (100, 80))
    box = np.zeros(SIZE, bool)
    box[30:80, 40:100] = True
    assert np.array_equal(mask_of(page), box)
    page.locator("#by").fill("5")
    page.locator("#grow").click()
    from inpaintlab.filling.holes import grown

    assert np.array_equal(mask_of(page), grown(box, 5))
    page.locator("#shrink").click()
    assert np.array_equal(mask_of(page), box | ~grown(~grown(box, 5), 5))
    page.locator("#invert").click()
    inverted = mask_of(page)
    assert np.array_equal(inverted, grown(~grown(box, 5), 5))
    page.locator("#inside").click()
    assert mask_of(page).all()  # what was known lies inside
    page.keyboard.press("Delete")
    assert page.locator("#painted").inner_text() == "nothing painted"
    page.keyboard.press("l")
    stroke(page, (20, 20), (120, 20), (120, 120), (20, 120))
    lasso = mask_of(page)
    assert abs(int(lasso.sum()) - 10_000) < 250
    assert lasso[70, 70]
    assert not lasso[140, 70]


def test_the_mask_is_the_same_whatever_the_zoom(visit):
    page = visit()
    set_size(page, 1)
    screen = Screen(page)
    centre = screen.at(120, 100)
    page.mouse.move(*centre)
    for _ in range(12):
        page.mouse.wheel(0, -100)
    page.wait_for_function("() => parseInt(document.querySelector('#zoom').textContent) > 3000")
    page.mouse.click(*centre)  # under it is still the same place
    there = mask_of(page)
    assert there.sum() == 1
    assert np.abs(np.argwhere(there)[0] - (100, 120)).max() <= 1
    page.keyboard.press("0")
    assert np.array_equal(mask_of(page), there)


def test_three_models_are_compared_and_known_pixels_stay(visit, served, tmp_path):
    page = visit()
    there = np.zeros(SIZE, bool)
    there[60:110, 70:130] = True
    Image.fromarray(there).save(tmp_path / "mask.png")
    put_mask(page, tmp_path / "mask.png")
    assert np.array_equal(mask_of(page), there)
    with page.expect_response("**/truth?self=1"):
        page.select_option("#truth", "self")
    fill(page)
    assert sorted(page.locator(".card .name span").all_inner_texts()) == sorted(MODELS)
    for told in page.locator(".card .told").all():  # torch is imported to score the first fill
        told.filter(has_text=re.compile(r"dB, SSIM\s0\.")).wait_for(timeout=180_000)
    assert page.get_attribute("body", "data-mode") == "compare"

    words = [
        f"images={served.folder / 'photo.png'}",
        f"masks={tmp_path / 'mask.png'}",
        "output_format=same",
        "device=cpu",
    ]
    original = decoded((served.folder / "photo.png").read_bytes())
    for card in page.locator(".card").all():
        model = card.locator(".name span").inner_text()
        with page.expect_download() as saved:
            card.get_by_role("button", name="Download").click()
        assert saved.value.suggested_filename == f"photo-{model}.png"
        body = saved.value.path().read_bytes()
        predict(composed("predict", f"model={model}", *words, f"output={tmp_path / model}"), say=lambda line: None)
        assert body == (tmp_path / model / "photo.png").read_bytes()
        assert np.array_equal(decoded(body)[~there], original[~there])

    def shown(x, y):
        """The colour on the screen over a pixel of the picture."""
        page.wait_for_timeout(100)
        picture = decoded(page.screenshot())
        left, top = Screen(page).at(x + 0.5, y + 0.5)
        return picture[int(top), int(left), :3].astype(int)

    page.locator(".card").filter(has_text="mean_color").click()
    card = page.locator(".card").filter(has_text="mean_color").locator("canvas")
    # A card shows the hole, not all of the picture.
    assert card.evaluate(SHARE_OF_THE_MIDDLE) == pytest.approx(50 * 60 / (1.4 * 60) ** 2, rel=0.1)
    filled = decoded((tmp_path / "mean_color" / "photo.png").read_bytes())
    divider = page.locator("#divider")
    divider.focus()
    for key, seen in (("ArrowLeft", filled), ("ArrowRight", original)):
        for _ in range(60):
            page.keyboard.press(key)
        assert np.abs(shown(100, 80) - seen[80, 100]).max() <= 1
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    page.keyboard.down("o")
    assert np.abs(shown(100, 80) - original[80, 100]).max() <= 1
    page.keyboard.up("o")
    assert np.abs(shown(100, 80) - filled[80, 100]).max() <= 1
    page.keyboard.press("d")
    difference = np.minimum(255, 4 * np.abs(filled.astype(int) - original))
    assert np.abs(shown(100, 80) - difference[80, 100]).max() <= 1
    page.keyboard.press("a")
    assert page.locator(".pane").count() == 4

    page.locator(".card").filter(has_text="telea").get_by_role("button", name="Go on with it").click()
    page.wait_for_function("() => document.querySelectorAll('#history li').length === 2")
    assert page.locator("#painted").inner_text() == "nothing painted"
    page.locator("#history button").first.click()
    assert np.array_equal(mask_of(page), there)


def test_a_test_case_is_written(visit, served, tmp_path):
    page = visit()
    there = np.zeros(SIZE, bool)
    there[10:20, 10:20] = True
    Image.fromarray(there).save(tmp_path / "mask.png")
    put_mask(page, tmp_path / "mask.png")
    page.locator("#case").click()
    page.get_by_text("inpaintlab evaluate model=telea").wait_for()
    assert np.array_equal(decoded((served.folder / "cases/masks/photo-001.png").read_bytes()), there)
    picture = (served.folder / "cases/pictures/photo-001.png").read_bytes()
    assert np.array_equal(decoded(picture), decoded((served.folder / "photo.png").read_bytes()))


def test_a_model_that_could_not_be_loaded_is_tried_again_when_it_is_ticked(visit, served, tmp_path):
    outcomes = iter([models.broken, models.echo])
    made = desk(tmp_path, ("telea",), open_file(served.folder / "photo.png", 1))
    made.queues["late"] = in_thread("late", target=lambda *words: next(outcomes)(words[0], words[1]))
    until(lambda: made.queues["late"].state == "failed")
    with at_an_address(made) as address:
        page = visit(address=address)
        row = page.locator("#models li").filter(has_text="late")
        row.get_by_text("tick to try again").wait_for()
        row.get_by_text("late cannot be read").wait_for()
        assert page.locator("#fill").inner_text() == "Fill"
        row.get_by_role("checkbox").check()
        assert page.locator("#fill").inner_text() == "Fill with 2 models"
        page.keyboard.press("r")
        stroke(page, (40, 30), (100, 80))
        page.locator("#fill").click()
        page.wait_for_function("() => document.querySelectorAll('.card.done canvas').length === 2")
        page.wait_for_function("() => !document.querySelector('#models').textContent.includes('late cannot')")
        assert row.get_by_role("checkbox").is_checked()


def test_results_come_one_by_one_and_their_scores_later_or_never(visit, served, tmp_path):
    gates = {name: threading.Semaphore(0) for name in ("quick", "slow")}

    def gated(connection, name, *more):
        connection.send(Ready(blind=False))
        while (task := connection.recv()) is not None:
            for reply in (Answer(task.pixels, 0.5, ""), Trouble("ImportError: no torch")):
                gates[name].acquire(timeout=60)
                connection.send(reply)

    queues = {name: in_thread(name, target=gated) for name in gates}
    photo = open_file(served.folder / "photo.png", 1)
    with at_an_address(Desk(queues, {name: name for name in gates}, photo, tmp_path, 1.0)) as address:
        page = visit(address=address)
        page.keyboard.press("r")
        stroke(page, (40, 30), (100, 80))
        with page.expect_response("**/truth?self=1"):
            page.select_option("#truth", "self")
        page.locator("#fill").click()
        cards = {name: page.locator(".card").filter(has_text=name) for name in gates}

        def chosen():
            return page.locator(".card[aria-current=true] .name span").inner_text()

        gates["quick"].release()
        cards["quick"].get_by_text("scoring…").wait_for()
        assert cards["quick"].locator("time").inner_text() == "0.50 s"
        assert cards["quick"].locator("canvas").count() == 1
        assert chosen() == "quick"
        assert cards["quick"].locator(".new").is_hidden()
        gates["quick"].release()
        cards["quick"].get_by_text("no scores: ImportError: no torch").wait_for()

        for _ in range(2):
            gates["slow"].release()
        cards["slow"].get_by_text("no scores: ImportError: no torch").wait_for()
        assert chosen() == "quick"
        assert cards["slow"].locator(".new").inner_text() == "new"
        assert page.get_by_role("status").filter(has_text="1 new").count() == 1
        page.keyboard.press("a")  # all are looked at
        assert cards["slow"].locator(".new").is_hidden()
        assert page.locator("#unseen").inner_text() == ""


def test_refusals_are_told_on_the_page(visit, tmp_path):
    page = visit()
    page.keyboard.press("Enter")
    page.get_by_text("Paint over what should go, first.").wait_for()
    Image.fromarray(hole()).save(tmp_path / "small.png")
    page.locator("#mask-file").set_input_files(tmp_path / "small.png")
    page.get_by_text("small.png: 32×24 px, but the picture has 240×200").wait_for()
    (tmp_path / "text.png").write_text("no picture")
    page.locator("#file").set_input_files(tmp_path / "text.png")
    page.get_by_text("text.png: unreadable picture").wait_for()
    page.errors.clear()  # the browser's own line about the answer 400


def test_all_of_a_long_name_is_read_at_390_px(visit, tmp_path):
    page = visit(390, 844, touch=True)
    name = "a_photograph_of_grandmother_and_the_dog_1954_scan_3.png"
    Image.fromarray(skimage.data.astronaut()[:200, :240]).save(tmp_path / name)
    page.locator("#file").set_input_files(tmp_path / name)
    title = page.locator("#title")
    title.get_by_text(f"{name} · 240 × 200").wait_for()
    assert title.get_attribute("title") == f"{name} · 240 × 200"
    wide, shown = title.evaluate("(element) => [element.scrollWidth, element.clientWidth]")
    assert wide <= shown
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_what_is_shown_is_named_beside_the_button_at_390_px(visit, tmp_path):
    page = visit(390, 844, touch=True)
    there = np.zeros(SIZE, bool)
    there[60:110, 70:130] = True
    Image.fromarray(there).save(tmp_path / "mask.png")
    put_mask(page, tmp_path / "mask.png")
    page.locator("#fill").click()
    page.locator(".card.done canvas").first.wait_for()
    for mode in ("Compare", "Difference"):
        page.get_by_role("radio", name=mode).click()
        button = page.locator("#flip").bounding_box()
        for label in page.locator(".pane p").all():
            box = label.bounding_box()
            assert box["y"] + box["height"] <= button["y"]


def test_a_finger_paints_and_two_move_at_390_px(visit):
    page = visit(390, 844, touch=True)
    wide, high = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert (wide, high) == (390, 844)
    set_size(page, 16)
    session = page.context.new_cdp_session(page)

    def touch(kind, *points):
        places = [dict(zip(("x", "y", "id"), (*point, number), strict=True)) for number, point in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    screen = Screen(page)
    touch("touchStart", screen.at(60, 60))
    for x in range(70, 141, 10):
        touch("touchMove", screen.at(x, 60))
    touch("touchEnd")
    first = mask_of(page)
    assert (first ^ brush(60, 60, 140, 60, 16)).sum() <= 0.06 * first.sum()

    before = page.locator("#zoom").text_content()
    touch("touchStart", screen.at(100, 120))
    touch("touchMove", screen.at(104, 120))  # a stroke that becomes a pinch is none
    touch("touchStart", screen.at(104, 120), screen.at(140, 120))
    for step in range(1, 6):
        touch("touchMove", screen.at(104 - 10 * step, 120), screen.at(140 + 10 * step, 120))
    touch("touchEnd")
    page.wait_for_function("(before) => document.querySelector('#zoom').textContent !== before", arg=before)
    assert np.array_equal(mask_of(page), first)
    page.locator("#undo").tap()
    assert not mask_of(page).any()
