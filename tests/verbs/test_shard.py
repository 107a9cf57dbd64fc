import json
import shutil

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from PIL import Image

from inpaintlab.basics import configs
from inpaintlab.basics.errors import UserError
from inpaintlab.data.shard_store import open_store
from inpaintlab.data.shard_writer import encoded, shard
from inpaintlab.data.shards import ShardPictures
from tests.helpers.process import run, run_ranks
from tests.helpers.tiny import COMMON, PAPERS, TWO, losses


def config(output, *words):
    with initialize_config_dir(configs.FOLDER, version_base="1.3"):
        cfg = compose("shard", overrides=[f"output={output}", *words], return_hydra_config=True)
    HydraConfig.instance().set_config(cfg)
    return cfg


def shard_words(output, *words):
    return shard(config(output, *words))


@pytest.fixture
def pictures(tmp_path):
    """Seven files of 3 kB or more each, with a split of their own."""
    for number in range(7):
        noise = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        path = tmp_path / "set" / ("test" if number == 6 else "train") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise).save(path)
    return tmp_path / "set"


@pytest.fixture
def words(pictures):
    return [f"data.root={pictures}", "data.val_fraction=0", "chunk_mb=0.007"]  # two pictures in a chunk


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written(pictures, words, tmp_path, capsys):
    shard_words(tmp_path / "out", *words)
    chunks = {f"train/chunk-0-{number}.bin" for number in range(3)} | {"test/chunk-0-0.bin"}
    lists = {f"{split}/{name}.json" for split in ("train", "test") for name in ("index", "pictures")}
    assert set(contents(tmp_path / "out")) == {"manifest.json", ".lock"} | chunks | lists
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["complete"] is True
    assert manifest["source"]["_target_"] == "inpaintlab.data.folder.Folder"
    assert manifest["source"]["root"] == str(pictures)
    assert set(manifest["versions"]) == {"inpaintlab", "litdata"}
    assert [chunk["pictures"] for chunk in manifest["splits"]["train"]["chunks"]] == [2, 2, 2]
    said = capsys.readouterr().out
    assert "train 6 pictures, 3 chunks (3 written now)" in said
    assert "val   no such pictures in folder" in said
    assert f"data=shards data.root={tmp_path / 'out'}" in said


def test_files_stay_byte_by_byte_and_keep_their_names(pictures, words, tmp_path):
    (pictures / "train" / "5.png").write_bytes((pictures / "train" / "5.png").read_bytes() + b"trailing")
    shard_words(tmp_path / "out", *words)
    found = ShardPictures(open_store(str(tmp_path / "out")), "train")
    assert found.names == [f"train/{number}.png" for number in range(6)]
    assert [found.encoded(i) for i in range(6)] == [(pictures / name).read_bytes() for name in found.names]


def test_litdata_itself_reads_them(pictures, words, tmp_path):
    from litdata.streaming.cache import Cache  # what StreamingDataset reads with

    shard_words(tmp_path / "out", *words)
    cache = Cache(str(tmp_path / "out" / "train"), chunk_bytes=1)
    assert len(cache) == 6
    assert [bytes(cache[i]) for i in range(6)] == [(pictures / "train" / f"{i}.png").read_bytes() for i in range(6)]


@pytest.mark.slow
def test_pictures_without_a_file_become_lossless(tmp_path):
    shard_words(tmp_path / "out", "data=photos", "paper.size=32", "data.train=[camera.png,coffee.png]")
    cfg = config(tmp_path, "data=photos", "paper.size=32", "data.train=[camera.png,coffee.png]")
    from hydra.utils import instantiate

    photos = instantiate(cfg.data, _convert_="all")
    for split in ("train", "val", "test"):
        expected, found = photos.images(split), ShardPictures(open_store(str(tmp_path / "out")), split)
        assert len(found) == len(expected)
        for index in range(len(found)):
            assert found.name(index) == expected.name(index)
            assert found[index].mode == expected[index].mode
            assert found[index].tobytes() == expected[index].tobytes()


def test_bytes_of_an_image(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("L", (9, 9), 3).save(path)
    image = Image.open(path)
    assert encoded(image) == path.read_bytes()
    image.load()  # PIL has closed the file
    assert encoded(image) == path.read_bytes()
    assert encoded(image.rotate(90))[1:4] == b"PNG"


def test_same_words_same_bytes_for_any_number_of_workers(words, tmp_path):
    for workers in (1, 3):
        shard_words(tmp_path / str(workers), *words, f"workers={workers}")
    assert contents(tmp_path / "1") == contents(tmp_path / "3")


def test_goes_on_where_it_stopped(words, tmp_path, monkeypatch, capsys):
    shard_words(tmp_path / "whole", *words)
    from inpaintlab.data import shard_writer as verb

    write, out = verb.write_chunk, tmp_path / "out"

    def stop(folder, number, items):
        if number == 2:
            (folder / ".writing-left-behind").mkdir()
            raise KeyboardInterrupt
        return write(folder, number, items)

    monkeypatch.setattr(verb, "write_chunk", stop)
    with pytest.raises(KeyboardInterrupt):
        shard_words(out, *words)
    with pytest.raises(UserError, match="the shards are not complete; call `inpaintlab shard` with the same words"):
        open_store(str(out))
    monkeypatch.undo()
    stamp = (out / "train" / "chunk-0-0.bin").stat().st_mtime_ns
    capsys.readouterr()
    shard_words(out, *words)
    assert "train 6 pictures, 3 chunks (1 written now)" in capsys.readouterr().out
    assert (out / "train" / "chunk-0-0.bin").stat().st_mtime_ns == stamp
    assert contents(out) == contents(tmp_path / "whole")


def test_a_damaged_chunk_is_written_again(words, tmp_path, capsys):
    out = tmp_path / "out"
    shard_words(out, *words)
    before = contents(out)
    (out / "train" / "chunk-0-1.bin").write_bytes(b"other")
    (out / "test" / "pictures.json").unlink()
    capsys.readouterr()
    shard_words(out, *words)
    assert "train 6 pictures, 3 chunks (1 written now)" in capsys.readouterr().out
    assert contents(out) == before


def test_a_split_can_be_added_later(words, tmp_path):
    shard_words(tmp_path / "out", *words, "splits=[test]")
    assert set(open_store(str(tmp_path / "out")).manifest["splits"]) == {"test"}
    shard_words(tmp_path / "out", *words, "splits=[train]")
    assert set(open_store(str(tmp_path / "out")).manifest["splits"]) == {"test", "train"}


def test_shards_can_be_packed_again(words, tmp_path):
    shard_words(tmp_path / "out", *words)
    shard_words(tmp_path / "again", "data=shards", f"data.root={tmp_path / 'out'}", "chunk_mb=1")
    one, other = (ShardPictures(open_store(str(tmp_path / name)), "train") for name in ("out", "again"))
    assert (one.names, len(other.chunks)) == (other.names, 1)
    assert [one.encoded(i) for i in range(6)] == [other.encoded(i) for i in range(6)]


def test_unreadable_pictures(pictures, words, tmp_path, capsys, monkeypatch):
    path = pictures / "train" / "3.png"
    path.write_bytes(b"")
    with pytest.raises(UserError, match=r"3.png: unreadable picture .*; repair or remove the file"):
        shard_words(tmp_path / "out", *words)  # found by the sample that is read before anything begins
    monkeypatch.setattr("inpaintlab.data.location.SAMPLING_SECONDS", -1)
    with pytest.raises(UserError, match=r"3.png: unreadable picture .*, or leave it so: data.on_bad_image=skip"):
        shard_words(tmp_path / "out", *words)
    shard_words(tmp_path / "skipped", *words, "data.on_bad_image=skip")
    assert "train 1 unreadable pictures stay unreadable: train/3.png" in capsys.readouterr().out
    found = ShardPictures(open_store(str(tmp_path / "skipped")), "train")
    assert len(found) == 6
    with pytest.raises(UserError, match=r"train/3.png: unreadable picture"):
        found[3]


def test_another_set_in_the_same_folder_is_refused(pictures, words, tmp_path):
    out = tmp_path / "out"
    shard_words(out, *words)
    with pytest.raises(UserError, match=r"holds shards of another chunk_mb: 0.007; choose another folder"):
        shard_words(out, *words, "chunk_mb=1")
    with pytest.raises(UserError, match=r"holds shards of another horizontal_flip: False; choose another folder"):
        shard_words(out, *words, "data.horizontal_flip=true")
    shutil.copy(pictures / "train" / "0.png", pictures / "train" / "9.png")
    with pytest.raises(UserError, match=r"holds other train pictures than folder has now; choose another folder"):
        shard_words(out, *words)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_other_manifests_are_refused(words, tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"manifest.json: no readable manifest of shards .*; choose another folder"):
        shard_words(tmp_path, *words)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["chunk_mb=0"], "chunk_mb=0: expected more than 0 and at most 2000"),
        (["chunk_mb=5000"], "chunk_mb=5000: expected more than 0 and at most 2000"),
        (["workers=0"], "workers=0: expected at least 1"),
        (["splits=[]"], r"splits=\[\]: expected some of train, val, test"),
        (["splits=[dev]"], r"splits=\['dev'\]: expected some of train, val, test"),
        (["splits=[val]"], "data: folder has no pictures in val; nothing to write"),
        (["data.root=nowhere"], "nowhere: no such folder; expected there: pictures"),
        (["data=facades"], "no val pictures in val .*; expected there: train pictures in train, val pictures in val"),
    ],
)
def test_refuses(words, tmp_path, given, message):
    with pytest.raises(UserError, match=message):
        shard_words(tmp_path / "out", *words, *given)


def test_refuses_a_folder_with_something_else(words, tmp_path):
    with pytest.raises(UserError, match="not empty, and no manifest of shards in it; choose another folder"):
        shard_words(tmp_path, *words)
    with pytest.raises(UserError, match="a file, where a folder is needed; choose another name"):
        shard_words(tmp_path / "set" / "train" / "0.png", *words)


def test_the_verb_ends_with_one_line(tmp_path):
    answer = run("inpaintlab.verbs.shard", "data.root=nowhere", cwd=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"error: {tmp_path}/nowhere: no such folder; expected there:")
    assert answer.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_killed_training_on_two_processes_resumes_exactly(pictures, tmp_path):
    for number in range(7, 40):
        split = "test" if number > 35 else "train"
        shutil.copy(pictures / "train" / f"{number % 6}.png", pictures / split / f"{number}.png")
    assert (
        run("inpaintlab.verbs.shard", f"data.root={pictures}", "chunk_mb=0.02", "output=out", cwd=tmp_path).returncode
        == 0
    )
    steps = ["data=shards", "data.root=out", "data.order=chunks", "data.window=2", "data.num_workers=2",
             "trainer.max_steps=12", "ckpt=auto", "callbacks.checkpoint.every=2"]  # fmt: skip
    kill = [
        "+callbacks.kill._target_=tests.helpers.killing.Kill",
        "+callbacks.kill.at=7",
        "+callbacks.kill.marker=killed",
    ]
    common = [word for word in COMMON if not word.startswith(("data.", "hardware="))]
    tiny = ["model=pconv", *common, *PAPERS["pconv"], "data.batch_size=4", *steps, *TWO]
    whole = run_ranks(2, "inpaintlab.verbs.train", *tiny, "hydra.run.dir=whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    again = ["inpaintlab.verbs.train", *tiny, *kill, "hydra.run.dir=killed-run"]
    assert run_ranks(2, *again, cwd=tmp_path).returncode != 0
    resumed = run_ranks(2, *again, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    expected, found = losses(tmp_path / "whole"), losses(tmp_path / "killed-run")
    assert len(expected) == 12
    assert all(values == expected[step][0] for step, rows in found.items() for values in rows)
    assert found.keys() == expected.keys()
