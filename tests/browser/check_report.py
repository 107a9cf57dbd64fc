"""The report's page in a real browser: `make browser` (needs Chromium)."""

import shutil

import pytest

from inpaintlab.report.as_html import as_html
from inpaintlab.report.document import compose
from tests.report.drawn import three_models

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    three_models(folder / "in")
    path = folder / "report.html"
    path.write_text(as_html(compose([folder / "in"], "auto", 100, 0), 4), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    words = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=words)
        yield started
        started.close()


def opened(browser, address, **options):
    """Open the page; what it complains about or asks for outside is in ``page.errors``."""
    page = browser.new_page(**options)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text))
    page.on("request", lambda r: r.url.startswith(("file:", "data:")) or page.errors.append(r.url))
    page.goto(address)
    return page


@pytest.fixture
def page(browser, address):
    page = opened(browser, address, viewport={"width": 1400, "height": 900})
    yield page
    assert page.errors == []
    page.close()


def edge(page):
    return page.evaluate("getComputedStyle(document.querySelector('.stage')).getPropertyValue('--at')")


def test_the_slider_moves_by_keyboard(page):
    page.focus(".slider")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert edge(page) == "60%"
    assert "40%" in page.evaluate("getComputedStyle(document.querySelector('.over')).clipPath")
    page.keyboard.press("End")
    assert edge(page) == "100%"
    assert page.is_hidden(".tag.right")


def test_flip_shows_one_picture_then_the_other(page):
    page.focus(".flip")
    for shown, pressed in (("100%", "true"), ("0%", "false"), ("100%", "true")):
        page.keyboard.press("Space")
        assert edge(page) == shown
        assert page.get_attribute(".flip", "aria-pressed") == pressed


def test_the_pointer_moves_the_edge(page):
    page.locator(".stage").scroll_into_view_if_needed()
    box = page.locator(".stage").bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 20)
    assert edge(page) == "25%"


def test_pictures_are_chosen_by_list_by_button_and_by_click(page):
    page.select_option(".which", "0")
    page.select_option(".left-name", "truth")
    page.select_option(".right-name", "telea")
    first = page.locator(".case").nth(0)
    assert page.get_attribute(".over", "src") == first.locator("img").nth(0).get_attribute("src")
    assert page.get_attribute(".under", "src") == first.locator("img[data-title=telea]").get_attribute("src")
    page.click(".next")
    assert page.input_value(".which") == "1"
    page.locator(".cases .case").nth(2).locator("img[data-title=madf]").click()
    assert (page.input_value(".which"), page.input_value(".right-name")) == ("2", "madf")
    assert "madf" in page.get_attribute(".under", "alt")


def test_every_picture_is_drawn(page):
    broken = "[...document.images].filter((i) => i.decode && i.complete && i.naturalWidth === 0).length"
    assert page.evaluate(broken) == 0


def test_small_pictures_are_enlarged_without_smoothing(page):
    """Those drawn have 48 px and are shown wider."""
    for place in (".shot img", ".over"):
        style = f"getComputedStyle(document.querySelector('{place}'))"
        assert page.evaluate(f"{style}.imageRendering") == "pixelated"
        assert page.evaluate(f"parseFloat({style}.width)") > 48


def test_the_verdict_stands_above_every_table(page):
    verdict = page.locator(".verdict p").first
    assert verdict.inner_text().startswith("pconv ")
    top = verdict.bounding_box()["y"]
    assert 0 < top < 900
    assert top < page.locator("table").first.bounding_box()["y"]


def test_all_pictures_are_the_first_column(page):
    assert page.locator("#set-1-scores ~ .scroll thead tr").first.locator("th").nth(1).inner_text() == "all"


def test_heads_of_tables_stay_in_sight(page):
    page.locator(".scroll").first.evaluate("(box) => { box.style.maxHeight = '300px'; box.scrollTop = 200; }")
    top, head = page.evaluate(
        "[document.querySelector('.scroll'), document.querySelector('.scroll thead th')]"
        ".map((item) => item.getBoundingClientRect().top)"
    )
    assert abs(top - head) < 3


@pytest.mark.parametrize(("width", "scheme"), [(420, "light"), (420, "dark"), (1400, "dark")])
def test_nothing_sticks_out_of_a_narrow_or_dark_page(browser, address, width, scheme):
    page = opened(browser, address, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 128")
    assert light == (scheme == "light")
    assert page.errors == []
    page.close()


def test_on_paper_everything_is_unfolded(page):
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('main details')].every((one) => one.open)")


def test_pictures_have_their_height_before_they_are_scrolled_to(page):
    """Else everything below moves while one scrolls, and the contents' links lead to another place."""
    page.wait_for_load_state("load")
    shown = "[...document.querySelectorAll('.strip img')].filter((one) => one.checkVisibility())"
    heights = page.evaluate(f"{shown}.map((one) => one.height)")
    assert len(heights) > 5
    assert min(heights) > 0
