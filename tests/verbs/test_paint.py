import sys

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.verbs import paint as module
from inpaintlab.verbs.paint import as_word, paint
from tests.helpers.composing import composed
from tests.painting.factory import encoded, in_thread, pixels


def test_the_first_word_may_be_a_photo(tmp_path, monkeypatch):
    assert as_word("photo.jpg", first=True) == "photo='photo.jpg'"
    assert as_word("models=a,b.ckpt", first=True) == "models=['a','b.ckpt']"
    assert as_word("photo=it's, here.jpg", first=False) == "photo='it\\'s, here.jpg'"
    assert as_word("truth=null", first=False) == "truth=null"
    assert as_word("--help", first=True) == "--help"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.png").touch()
    assert as_word("a=b.png", first=True) == "photo='a=b.png'"
    assert as_word("port=1", first=True) == "port=1"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["models=[]"], "models=[]: expected at least one"),
        (["models=[none]"], "models: none is no file, nor the name of a method: "),
        (["models=[telea,telea]"], "models: two are called telea"),
        (["megapixels=0"], "megapixels=0: expected a number above 0"),
        (["truth=a.png"], "truth=a.png: belongs to a photo"),
        (["photo=none.png"], "none.png: no regular file; expected a picture"),
        (["photo=PHOTO", "megapixels=0.0001"], "photo.png: 32x24 px are 0.0 megapixels, more than 0.0001"),
        (["photo=PHOTO", "truth=SMALL"], "truth: 8x8 px, but the picture has 32x24"),
        (["port=70000"], "port=70000: cannot listen on 127.0.0.1"),
    ],
)
def test_what_cannot_be_is_told_before_any_model_is_loaded(words, told, tmp_path):
    (tmp_path / "photo.png").write_bytes(encoded(pixels()))
    (tmp_path / "small.png").write_bytes(encoded(pixels(8, 8)))
    words = [
        word.replace("PHOTO", str(tmp_path / "photo.png")).replace("SMALL", str(tmp_path / "small.png"))
        for word in words
    ]
    with pytest.raises(UserError) as error:
        paint(composed("paint", *words))
    assert told in str(error.value)


def test_the_page_is_served_at_the_address_that_is_printed(tmp_path, monkeypatch, capsys):
    from starlette.testclient import TestClient

    (tmp_path / "photo.png").write_bytes(encoded(pixels()))
    asked = []
    monkeypatch.setattr(module, "ModelQueue", lambda label, arguments: in_thread(label, arguments[0]))

    def serve(app, sock):
        host, port = sock.getsockname()
        with TestClient(app, base_url=f"http://{host}:{port}") as browser:
            asked.append((port, browser.get("/api/state").json()))
        raise KeyboardInterrupt

    monkeypatch.setattr("inpaintlab.painting.server.serve", serve)
    photo = f"photo={tmp_path / 'photo.png'}"
    paint(composed("paint", photo, f"truth={tmp_path / 'photo.png'}", "models=[telea,mean_color]", "port=0"))
    ((port, state),) = asked
    assert state["photo"]["truth"] is True
    assert [model["name"] for model in state["models"]] == ["telea", "mean_color"]
    assert f"http://127.0.0.1:{port}/" in capsys.readouterr().out


def test_the_server_needs_no_torch():
    import subprocess

    code = "import sys, inpaintlab.verbs.paint, inpaintlab.painting.server; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
