import io
import threading

import numpy as np
import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.location import pictures as list_pictures
from inpaintlab.data.picture_files import read_picture
from inpaintlab.filling.pictures import predict
from inpaintlab.filling.pixels import complete
from inpaintlab.models.loading import load
from inpaintlab.painting.desk import Desk
from inpaintlab.painting.files import Open, open_file
from inpaintlab.painting.worker import Answer, Ready, Trouble
from tests.helpers.composing import composed
from tests.painting.factory import client, decoded, desk, encoded, hole, in_thread, pixels, until

PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    made = desk(folder)
    until(lambda: all(queue.state == "ready" for queue in made.queues.values()))
    with client(made) as browser:
        browser.folder = folder
        yield browser


def opened(browser, body, name="photo.png", kind="image/png"):
    answer = browser.post(f"/api/pictures?name={name}", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    return answer.json()


def filled(browser, picture, model="telea", mask=None):
    body = encoded(hole() if mask is None else mask)
    answer = browser.post(f"/api/fills?picture={picture}&model={model}", content=body, headers=PNG)
    assert answer.status_code == 202, answer.text
    key = answer.json()["id"]
    until(lambda: (record := record_of(browser, key))["state"] in ("done", "failed") and not record.get("scoring"))
    return record_of(browser, key)


def record_of(browser, key):
    return browser.get(f"/api/fills/{key}").json()


def test_models_and_limits_are_told(served):
    state = served.get("/api/state").json()
    assert [(model["name"], model["state"], model["blind"]) for model in state["models"]] == [
        ("telea", "ready", False),
        ("mean_color", "ready", False),
    ]
    assert (state["photo"], state["megapixels"]) == (None, 1.0)


def test_a_result_is_what_the_model_makes_and_known_pixels_stay(served):
    picture = pixels()
    info = opened(served, encoded(picture))
    assert (info["width"], info["height"], info["truth"]) == (32, 24, False)
    assert np.array_equal(decoded(served.get(f"/api/pictures/{info['id']}.png").content), picture)
    for model in ("telea", "mean_color"):
        made = filled(served, info["id"], model)
        assert (made["state"], made["model"], made["scores"]) == ("done", model, None)
        assert made["seconds"] > 0
        result = decoded(served.get(f"/api/fills/{made['id']}.png").content)
        assert np.array_equal(result[~hole()], picture[~hole()])
        assert np.array_equal(result, complete(load(model), picture, hole()))


def test_a_download_is_the_file_of_predict(served, tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"
    sent = encoded(pixels(32, 24), "JPEG", quality=90, exif=exif, dpi=(300, 300))
    (tmp_path / "photo.jpg").write_bytes(sent)
    Image.fromarray(hole()).save(tmp_path / "mask.png")
    words = ["model=telea", f"images={tmp_path / 'photo.jpg'}", f"masks={tmp_path / 'mask.png'}", "output_format=same"]
    predict(composed("predict", *words, f"output={tmp_path / 'out'}", "device=cpu"), say=lambda line: None)

    info = opened(served, sent, "photo.jpg", "image/jpeg")
    assert (info["width"], info["height"], info["kind"]) == (32, 24, "jpg")  # upright
    made = filled(served, info["id"])
    answer = served.get(f"/api/fills/{made['id']}/file")
    assert answer.content == (tmp_path / "out" / "photo.jpg").read_bytes()
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''photo-telea.jpg"


def test_what_was_transparent_is_opaque_where_it_was_filled(served):
    alpha = np.full((24, 32, 1), 100, np.uint8)
    info = opened(served, encoded(np.concatenate([pixels(), alpha], 2)))
    result = decoded(served.get(f"/api/fills/{filled(served, info['id'])['id']}/file").content)
    assert (result[..., 3] == np.where(hole(), 255, 100)).all()


def test_a_result_is_taken_as_the_new_picture(served):
    info = opened(served, encoded(pixels()))
    made = filled(served, info["id"])
    next_one = served.post(f"/api/pictures?fill={made['id']}", headers=PNG).json()
    assert next_one["id"] != info["id"]
    shown = served.get(f"/api/pictures/{next_one['id']}.png").content
    assert np.array_equal(decoded(shown), decoded(served.get(f"/api/fills/{made['id']}.png").content))


def test_a_truth_gives_scores_in_the_hole(served):
    info = opened(served, encoded(pixels()))
    where = f"/api/pictures/{info['id']}/truth"
    assert served.get(f"{where}.png").status_code == 404
    assert served.post(f"{where}?self=1", headers=PNG).json()["truth"]
    scores = filled(served, info["id"], "mean_color")["scores"]
    result = complete(load("mean_color"), pixels(), hole()).astype(float)
    mse = ((result - pixels())[hole()] ** 2).mean()
    assert scores["psnr"] == pytest.approx(10 * np.log10(255**2 / mse))
    assert scores["l1"] == pytest.approx(np.abs(result - pixels())[hole()].mean() / 255)
    assert 0 < scores["ssim"] < 1
    given = pixels(seed=1)
    assert served.post(where, content=encoded(given), headers=PNG).json()["truth"]
    assert np.array_equal(decoded(served.get(f"{where}.png").content), given)
    wrong = served.post(where, content=encoded(pixels(8, 8)), headers=PNG)
    assert (wrong.status_code, wrong.json()["detail"]) == (
        400,
        "truth: 8x8 px, but the picture has 32x24; give the same picture without the hole",
    )
    assert not served.post(where, headers=PNG).json()["truth"]


def test_refusals_say_what_to_do(served):
    info = opened(served, encoded(pixels()))
    fill = f"/api/fills?picture={info['id']}&model="
    for path, body, told in [
        (
            "/api/pictures?name=a/b.png",
            b"no picture",
            "b.png: unreadable picture (no picture format that is read here)",
        ),
        ("/api/pictures", encoded(np.zeros((1001, 1000), np.uint8)), "1000x1001 px are 1.0 megapixels, more than 1"),
        (f"{fill}telea", b"", "telea: paint the hole first"),
        (f"{fill}telea", encoded(hole(24, 31)), "mask: 31x24 px, but the picture has 32x24"),
        (f"{fill}telea", encoded(np.zeros((24, 32), bool)), "telea: nothing is painted"),
        (f"{fill}telea", encoded(np.ones((24, 32), bool)), "telea: everything is painted"),
        (f"{fill}lama", encoded(hole()), "model=lama: not on this page; expected one of telea, mean_color"),
        ("/api/fills?picture=none&model=telea", encoded(hole()), "not open here any more; open it again"),
        (f"/api/pictures/{info['id']}/case", encoded(np.ones((24, 32), bool)), "needs both a hole and known pixels"),
    ]:
        answer = served.post(path, content=body, headers=PNG)
        assert answer.status_code == 400
        assert told in answer.json()["detail"]
    assert served.get("/api/fills/none").status_code == 400
    assert served.get("/api/none").status_code == 404


@pytest.mark.parametrize("name", ["東" * 120 + ".png", "x" * 10 + "." + "y" * 199, "." * 300, "x" + "." * 300])
def test_a_case_of_any_name_is_among_the_pictures_that_are_judged(served, name):
    answer = served.post("/api/pictures", params={"name": name}, content=encoded(pixels()), headers=PNG)
    case = served.post(f"/api/pictures/{answer.json()['id']}/case", content=encoded(hole()), headers=PNG).json()
    assert case["name"] in [path.name for path in list_pictures(served.folder / "pictures", ["."])]


def test_other_pages_and_odd_bodies_are_refused(served):
    body = encoded(pixels())
    for headers, status in [
        ({**PNG, "Origin": "http://evil.example"}, 403),
        ({**PNG, "Host": "evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({}, 415),
    ]:
        answer = served.post("/api/pictures", content=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert served.post("/api/pictures", content=body, headers={**PNG, "Origin": "http://127.0.0.1:8766"}).is_success
    assert served.post("/api/pictures", content=bytes(8_000_000), headers=PNG).status_code == 413


def test_the_page_is_served_and_asks_for_nothing_else(served):
    page = served.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = page.text + "".join(served.get(f"/{name}").text for name in PAGE)
    assert "http:" not in text
    assert "https:" not in text


PAGE = ("paint.css", "paint.js", "mask.js", "view.js", "stage.js", "results.js", "server.js")


def test_a_test_case_is_what_evaluate_reads(served, tmp_path):
    from inpaintlab.evaluation.front import score
    from inpaintlab.verbs.evaluate import evaluate

    picture = pixels()
    info = opened(served, encoded(picture), "my photo.png")
    for _ in range(2):
        made = served.post(f"/api/pictures/{info['id']}/case", content=encoded(hole()), headers=PNG).json()
    assert made["name"] == "my photo-002.png"
    assert np.array_equal(read_picture(served.folder / "pictures" / made["name"]).pixels, picture)
    words = made["command"].replace("'", "").split()[2:]
    assert words[0] == "model=telea"
    settings = ["paper.size=32", "save=0", "device=cpu", "data.num_workers=0", f"output={tmp_path / 'judged'}"]
    evaluate(composed("evaluate", *words, *settings))
    (record,) = (tmp_path / "judged").rglob("evaluation.json")
    expected = score(complete(load("telea"), picture, hole()), picture, hole())["hole"]["psnr"]
    assert f"{expected:.3f}"[:-1] in record.read_text()


def test_what_waits_and_what_runs_are_called_off(tmp_path):
    gate = threading.Semaphore(0)

    def gated(connection, *arguments):
        connection.send(Ready(blind=False))
        while connection.recv() is not None:
            gate.acquire(timeout=60)
            connection.send(Trouble("a fault"))

    queue = in_thread("toy", target=gated)
    with client(Desk({"toy": queue}, {"toy": "toy"}, None, tmp_path, 1.0)) as browser:
        info = opened(browser, encoded(pixels()))
        fill = f"/api/fills?picture={info['id']}&model=toy"
        keys = [browser.post(fill, content=encoded(hole()), headers=PNG).json()["id"] for _ in range(3)]
        until(lambda: browser.get(f"/api/fills/{keys[0]}").json()["state"] == "running")
        assert [browser.get(f"/api/fills/{key}").json().get("place") for key in keys] == [None, 1, 2]
        assert browser.delete(f"/api/fills/{keys[1]}").json()["state"] == "cancelled"
        assert browser.get(f"/api/fills/{keys[2]}").json()["place"] == 1
        for _ in range(2):
            gate.release()
        until(lambda: browser.get(f"/api/fills/{keys[2]}").json()["state"] == "failed")
        assert browser.get(f"/api/fills/{keys[2]}").json()["message"] == "toy: a fault"
        answer = browser.get(f"/api/fills/{keys[2]}.png")
        assert (answer.status_code, answer.json()["detail"]) == (400, "toy: failed; there is no result")
        assert browser.delete(f"/api/fills/{keys[2]}", headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_picture_is_shown_while_it_is_scored_and_kept_where_that_fails(tmp_path):
    gate = threading.Semaphore(0)

    def gated(connection, *arguments):
        connection.send(Ready(blind=False))
        while (task := connection.recv()) is not None:
            connection.send(Answer(255 - task.pixels, 0.5, ""))
            gate.acquire(timeout=60)
            connection.send(Trouble("ImportError: no torch"))

    with client(Desk({"toy": in_thread("toy", target=gated)}, {"toy": "toy"}, None, tmp_path, 1.0)) as browser:
        info = opened(browser, encoded(pixels()))
        browser.post(f"/api/pictures/{info['id']}/truth?self=1", headers=PNG)
        fill = browser.post(f"/api/fills?picture={info['id']}&model=toy", content=encoded(hole()), headers=PNG)
        key = fill.json()["id"]
        until(lambda: record_of(browser, key)["state"] == "done")
        record = record_of(browser, key)
        assert (record["seconds"], record["scoring"], record["scores"], record["unscored"]) == (0.5, True, None, "")
        gate.release()
        until(lambda: not record_of(browser, key)["scoring"])
        record = record_of(browser, key)
        assert (record["state"], record["scores"], record["unscored"]) == ("done", None, "ImportError: no torch")
        assert np.array_equal(decoded(browser.get(f"/api/fills/{key}.png").content), 255 - pixels())


def test_a_blind_model_is_told_no_hole_whether_one_is_painted_or_not(tmp_path):
    def blind(connection, *arguments):
        connection.send(Ready(blind=True))
        while (task := connection.recv()) is not None:
            connection.send(Answer(255 - task.pixels, 0.0, str(task.hole)))

    with client(Desk({"blind": in_thread("blind", target=blind)}, {"blind": "blind"}, None, tmp_path, 1.0)) as browser:
        until(lambda: browser.get("/api/state").json()["models"][0]["blind"])
        info = opened(browser, encoded(pixels()))
        for body in (b"", encoded(hole())):
            answer = browser.post(f"/api/fills?picture={info['id']}&model=blind", content=body, headers=PNG)
            key = answer.json()["id"]
            until(lambda key=key: browser.get(f"/api/fills/{key}").json()["state"] == "done")
            assert browser.get(f"/api/fills/{key}").json()["how"] == "None"
            assert np.array_equal(decoded(browser.get(f"/api/fills/{key}.png").content), 255 - pixels())


def test_what_is_unused_for_longest_makes_room(tmp_path):
    made = desk(tmp_path, models=("mean_color",))
    made.pictures.room = 3 * pixels().nbytes
    (tmp_path / "photo.png").write_bytes(encoded(pixels()))
    photo = open_file(tmp_path / "photo.png", 1)
    keys = [made.keep(Open("a", photo.source)) for _ in range(3)]
    made.pictures.get(keys[0])
    made.keep(photo)
    assert made.pictures.get(keys[0]).name == "a"
    with pytest.raises(UserError, match="open it again"):
        made.pictures.get(keys[1])
    made.close()


def test_the_picture_of_the_command_line_is_there_from_the_start(tmp_path):
    Image.open(io.BytesIO(encoded(pixels()))).save(tmp_path / "photo.png")
    made = desk(tmp_path, models=("mean_color",), photo=open_file(tmp_path / "photo.png", 1))
    with client(made) as browser:
        photo = browser.get("/api/state").json()["photo"]
        assert photo["name"] == "photo.png"
        assert np.array_equal(decoded(browser.get(f"/api/pictures/{photo['id']}.png").content), pixels())
