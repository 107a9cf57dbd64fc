"""A client as IOPaint's schema describes it."""

import base64

import numpy as np
import pytest

from inpaintlab.filling.pixels import complete
from inpaintlab.models.loading import load
from tests.painting.factory import client, decoded, desk, encoded, hole, pixels

INFO = {
    "name", "path", "model_type", "is_single_file_diffusers", "need_prompt", "controlnets", "brushnets",
    "support_strength", "support_outpainting", "support_lcm_lora", "support_controlnet", "support_brushnet",
    "support_powerpaint_v2",
}  # fmt: skip
CONFIG = {
    "plugins", "modelInfos", "removeBGModel", "removeBGModels", "realesrganModel", "realesrganModels",
    "interactiveSegModel", "interactiveSegModels", "enableFileManager", "enableAutoSaving", "enableControlnet",
    "controlnetMethod", "disableModelSwitch", "isDesktop", "samplers",
}  # fmt: skip


class Client:
    """What IOPaint's page sends."""

    def __init__(self, browser):
        self.browser = browser

    def config(self):
        return self.browser.get("/api/v1/server-config").json()

    def switch(self, name):
        return self.browser.post("/api/v1/model", json={"name": name})

    def inpaint(self, image, mask, url=True, **more):
        head = "data:image/png;base64," if url else ""
        text = {key: head + base64.b64encode(body).decode() for key, body in (("image", image), ("mask", mask))}
        misspelt = {"hd_strategy_crop_triger_size": 640, "hd_trategy_resize_imit": 2048, "prompt": ""}
        return self.browser.post("/api/v1/inpaint", json={**text, **misspelt, "hd_strategy": "Crop", **more})


@pytest.fixture(scope="module")
def iopaint(tmp_path_factory):
    with client(desk(tmp_path_factory.mktemp("cases"))) as browser:
        yield Client(browser)


def test_the_configuration_has_all_that_the_page_reads(iopaint):
    config = iopaint.config()
    assert set(config) == CONFIG
    assert [model["name"] for model in config["modelInfos"]] == ["telea", "mean_color"]
    for model in config["modelInfos"]:
        assert set(model) == INFO
        assert model["model_type"] == "inpaint"
    assert iopaint.browser.get("/api/v1/inputimage").status_code == 404
    assert iopaint.browser.get("/api/v1/samplers").json() == []


def test_a_picture_is_filled_by_the_model_that_was_switched_to(iopaint):
    for name in ("mean_color", "telea"):
        assert iopaint.switch(name).json()["name"] == name
        assert iopaint.browser.get("/api/v1/model").json()["name"] == name
        for url in (True, False):
            answer = iopaint.inpaint(encoded(pixels()), encoded(hole()), url)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
            assert answer.headers["x-seed"] == "42"
            assert np.array_equal(decoded(answer.content), complete(load(name), pixels(), hole()))
    for other in ("sd", [1], None):
        assert iopaint.switch(other).status_code == 400
    odd = iopaint.browser.post(
        "/api/v1/model", content=r'{"name": "\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert odd.status_code == 400


def test_the_answer_has_the_pictures_format_and_the_clients_seed(iopaint):
    answer = iopaint.inpaint(encoded(pixels(), "JPEG"), encoded(hole()), sd_seed=7)
    assert (answer.headers["content-type"], answer.headers["x-seed"]) == ("image/jpeg", "7")
    assert decoded(answer.content).shape == (24, 32, 3)


def test_grey_values_of_a_mask_count_above_127(iopaint):
    soft = np.where(hole(), 128, 127).astype(np.uint8)
    answer = iopaint.inpaint(encoded(pixels()), encoded(soft))
    assert np.array_equal(decoded(answer.content), complete(load("telea"), pixels(), hole()))


def test_without_a_hole_the_picture_comes_back(iopaint):
    answer = iopaint.inpaint(encoded(pixels()), encoded(np.zeros((24, 32), bool)))
    assert np.array_equal(decoded(answer.content), pixels())


def test_errors_have_the_keys_that_the_page_shows(iopaint):
    wrong = iopaint.inpaint(encoded(pixels()), encoded(hole(24, 31)))
    assert wrong.status_code == 400
    assert set(wrong.json()) == {"error", "detail", "body", "errors"}
    assert "31x24 px, but the picture has 32x24" in wrong.json()["errors"]
    for body in ({}, {"image": 3}, {"image": "§"}, []):
        answer = iopaint.browser.post("/api/v1/inpaint", json=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "UserError")
    deep = iopaint.browser.post("/api/v1/inpaint", content="[" * 100_000, headers={"Content-Type": "application/json"})
    assert (deep.status_code, deep.json()["error"]) == (400, "UserError")
