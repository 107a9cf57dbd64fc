import json
import pickle
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.data.folder import Folder
from inpaintlab.data.sampler import KeyedSampler
from inpaintlab.data.shard_store import open_store
from inpaintlab.data.shards import ChunkSampler, Shards
from tests.data.test_datamodule import SaveAt, fit, same
from tests.verbs.test_shard import shard_words

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create . worker processes")
COUNTS = {"train": 23, "val": 5, "test": 3}
VIEW = {"zoom": (1.0, 2.0), "horizontal_flip": True, "rotations": (0, 90), "crops_per_picture": 2}


@pytest.fixture
def pictures(draw, tmp_path):
    """A folder of pictures of several sizes, modes and formats."""
    for split, count in COUNTS.items():
        for number in range(count):
            path = tmp_path / "set" / split / "more" / f"{number:02d}.jpg"
            if number % 3 == 2:
                draw(path.with_suffix(".png"), number, (50, 30), "L" if number % 2 else "RGBA")
            else:
                draw(path, number, (40 + number, 33), quality=95)
    return tmp_path / "set"


@pytest.fixture
def shards(pictures, tmp_path):
    words = ["data.zoom=[1.0,2.0]", "data.rotations=[0,90]", "data.horizontal_flip=true", "data.crops_per_picture=2"]
    shard_words(tmp_path / "shards", f"data.root={pictures}", "chunk_mb=0.01", *words)
    return tmp_path / "shards"


@pytest.fixture
def plain(pictures, common):
    return lambda **more: Folder(**{**common, **VIEW, "root": str(pictures), **more})


@pytest.fixture
def packed(shards, common, tmp_path):
    options = {**common, "root": str(shards), "cache": str(tmp_path / "cache")}
    return lambda **more: Shards(**{**options, **more})


def served(loader, epochs=1):
    """Return all batches, and end the workers at once: the garbage collector would wait five seconds for each."""
    batches = [batch for _ in range(epochs) for batch in loader]
    if loader.num_workers:
        loader._iterator._shutdown_workers()
    return batches


def batches(data):
    return [served(data.train_dataloader(), epochs=2), served(data.val_dataloader()), served(data.test_dataloader())]


def change(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2, 4])
def test_the_same_batches_as_from_the_folder(plain, packed, workers):
    data = packed(num_workers=workers)
    assert len(data.images("train").chunks) > 4
    assert all(same(one, other) for one, other in zip(batches(plain()), batches(data), strict=True))
    assert [data.dataset("val").name(i) for i in range(5)] == [plain().dataset("val").name(i) for i in range(5)]


def test_an_item_is_the_same_in_every_order(plain, packed):
    one, other = plain().dataset("train"), packed(order="chunks").dataset("train")
    assert same([one[3, index] for index in range(46)], [other[3, index] for index in range(46)])


def test_views_are_those_of_the_set_unless_given(packed):
    data = packed()
    assert (data.zoom, data.rotations, data.crops_per_picture, data.train_fit) == ([1.0, 2.0], [0, 90], 2, "crop")
    assert data.hparams["crops_per_picture"] == 2
    assert packed(crops_per_picture=1).crops_per_picture == 1


def test_a_split_that_was_not_packed_has_no_pictures(packed, shards):
    manifest = json.loads((shards / "manifest.json").read_text())
    del manifest["splits"]["val"]
    (shards / "manifest.json").write_text(json.dumps(manifest))
    assert not packed().has("val")


def placed(data, rank, ranks, epoch=0):
    """Let the data believe in a Trainer."""
    root = SimpleNamespace(type="cpu")
    data.trainer = SimpleNamespace(
        global_rank=rank, world_size=ranks, current_epoch=epoch, num_devices=ranks,
        strategy=SimpleNamespace(root_device=root),
    )  # fmt: skip
    return data


@pytest.mark.slow
@pytest.mark.parametrize("order", ["pictures", "chunks"])
@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("workers", [(0, 2), (2, 4), (4, 0)])
def test_resuming_in_mid_epoch_repeats_and_loses_nothing(packed, order, ranks, workers):
    before, after = ({"num_workers": count, "order": order, "window": 3, "batch_size": 3} for count in workers)
    keys = []
    for rank in range(ranks):
        first = placed(packed(**before), rank, ranks, epoch=2).train_dataloader()
        resumed = placed(packed(**after), rank, ranks, epoch=2)
        resumed.load_state_dict({"epoch": 2, "batch": 3})
        second = resumed.train_dataloader()
        keys += [*list(first.sampler)[: 3 * 3], *second.sampler]
        whole = served(first)
        assert len(whole) == 46 // ranks // 3
        assert same(served(second), whole[3:])
    assert {epoch for epoch, _ in keys} == {2}
    assert len(keys) == len(set(keys)) == 46


@pytest.mark.slow
@pytest.mark.parametrize("order", ["pictures", "chunks"])
@pytest.mark.parametrize("workers", [(0, 2), (2, 0), (4, 2)])
def test_a_checkpoint_resumes_the_same_batches(packed, tmp_path, order, workers):
    path = tmp_path / "a.ckpt"
    options = [{"num_workers": count, "order": order, "batch_size": 8} for count in workers]
    whole = fit(packed(**options[0]), tmp_path, [SaveAt(path, batches=7)], max_epochs=3)
    assert fit(packed(**options[1]), tmp_path, ckpt=path, max_epochs=3) == whole[7:]
    assert len(whole) == 15


def chunk_order(window, chunks=40, each=25, times=1, **options):
    sizes = [each + number % 3 for number in range(chunks)]
    sampler = ChunkSampler(sizes, window, KeyedSampler(times * sum(sizes), 5, shuffle=True, **options))
    return np.repeat(np.arange(chunks), sizes), sampler


def test_chunk_order_is_a_permutation_that_differs_by_epoch_and_seed():
    _, sampler = chunk_order(4, times=2)
    first = sampler.order(0)
    assert sorted(first) == list(range(len(sampler)))
    assert first.tolist() == chunk_order(4, times=2)[1].order(0).tolist()
    assert first.tolist() != sampler.order(1).tolist()
    assert [index for _, index in sampler] == first.tolist()
    assert next(iter(sampler)) == (1, sampler.order(1)[0])


def test_chunk_order_has_few_chunks_in_use_and_mixes_them():
    chunk_of, sampler = chunk_order(4)
    order = chunk_of[sampler.order(0)]
    half = len(order) // 2
    for begin in (0, half, len(order) - 50):
        seen = set(order[begin : begin + 50].tolist())  # as many as two chunks have
        assert 4 <= len(seen) <= 4 + 2 + 1
    # Fetched once: a chunk's places lie together, but for the few that are served at both ends.
    spread = [np.ptp(np.flatnonzero(order == chunk)) for chunk in range(40)]
    assert sum(value > 6 * 27 for value in spread) <= 4


def test_ranks_share_the_chunk_order():
    whole = chunk_order(4)[1].order(0).tolist()
    ranks = [[index for _, index in chunk_order(4, rank=rank, ranks=2)[1]] for rank in (0, 1)]
    assert [index for pair in zip(*ranks, strict=True) for index in pair] == whole[: 2 * len(ranks[0])]


@pytest.mark.parametrize("workers", [0, 2])
def test_fetched_shards_are_the_same(plain, packed, shards, tmp_path, workers):
    data = packed(root=f"local:{shards}", order="pictures", num_workers=workers)
    assert all(same(one, other) for one, other in zip(batches(plain()), batches(data), strict=True))
    (cache,) = (tmp_path / "cache").iterdir()
    for split in COUNTS:
        originals = {path.name: path.read_bytes() for path in (shards / split).glob("*.bin")}
        assert {path.name: path.read_bytes() for path in (cache / split).glob("*.bin")} == originals


def test_fetched_shards_are_served_chunk_by_chunk_unless_told_otherwise(packed, shards):
    assert packed(root=f"local:{shards}").by_chunks
    assert not packed(root=f"local:{shards}", order="pictures").by_chunks
    assert not packed().by_chunks


def test_the_cache_keeps_to_its_size(packed, shards, tmp_path):
    sizes = [path.stat().st_size for path in (shards / "train").glob("*.bin")]
    limit = sum(sorted(sizes)[-3:])
    data = packed(root=f"local:{shards}", cache_gb=limit / 1e9, window=2, num_workers=2)
    expected = list(packed(order="chunks", window=2).train_dataloader())
    assert limit < sum(sizes)
    assert same(served(data.train_dataloader()), expected)
    assert sum(path.stat().st_size for path in (tmp_path / "cache").glob("*/*/*.bin")) <= limit


def test_a_cache_that_is_too_small_is_refused(packed, shards):
    with pytest.raises(UserError, match=r"data.cache_gb=1e-06: .* or a smaller data.window"):
        packed(root=f"local:{shards}", cache_gb=1e-6).setup("fit")
    with pytest.raises(UserError, match=r"data.cache_gb=1e-06: .* or data.order=chunks"):
        packed(root=f"local:{shards}", cache_gb=1e-6, order="pictures").setup("fit")


def test_shards_that_were_written_anew_are_fetched_anew(packed, shards, pictures, tmp_path):
    first = packed(root=f"local:{shards}").images("test").encoded(2)
    (pictures / "test" / "more" / "02.png").unlink()
    (pictures / "train" / "more" / "03.jpg").rename(pictures / "test" / "more" / "02.jpg")
    shard_words(tmp_path / "other", f"data.root={pictures}")
    shards.rename(tmp_path / "old")
    (tmp_path / "other").rename(shards)
    found = packed(root=f"local:{shards}").images("test")
    assert found.name(2) == "test/more/02.jpg"
    assert found.encoded(2) == (pictures / found.name(2)).read_bytes() != first


def test_a_changed_byte_is_found(packed, shards):
    path = shards / "test" / "chunk-0-0.bin"
    change(path, -1)
    with pytest.raises(UserError, match=r"test/chunk-0-0.bin: damaged at picture 2, test/more/02.png; copy it anew"):
        list(packed().test_dataloader())
    assert len(list(packed(on_bad_image="skip").test_dataloader())) == 1


@pytest.mark.parametrize("place", [4, 8, 12])
def test_a_chunk_that_makes_no_sense_is_found(packed, shards, place):
    change(shards / "test" / "chunk-0-0.bin", place + 3)
    pictures = packed().images("test")
    with pytest.raises(UserError, match=r"test/chunk-0-0.bin: damaged at picture"):
        [pictures[index] for index in range(3)]


def test_a_changed_byte_is_found_when_fetching(packed, shards, tmp_path):
    change(shards / "test" / "chunk-0-0.bin", -1)
    with pytest.raises(UserError, match=r"local:.*/test/chunk-0-0.bin: damaged, its sha256 is not the manifest's"):
        packed(root=f"local:{shards}").images("test")[0]
    assert not list((tmp_path / "cache").glob("*/test/*.bin"))


def test_torn_and_missing_chunks_are_named_at_once(packed, shards):
    path = shards / "train" / "chunk-0-1.bin"
    data = path.read_bytes()
    path.write_bytes(data[:-7])
    with pytest.raises(UserError, match=rf"train/chunk-0-1.bin: torn, {len(data) - 7:,} of {len(data):,} bytes; copy"):
        packed()
    path.unlink()
    with pytest.raises(UserError, match=r"train/chunk-0-1.bin: missing; copy it anew, or call `inpaintlab shard`"):
        packed()
    with pytest.raises(UserError, match=r"train/chunk-0-1.bin: cannot be fetched \(The provided remote_path doesn't"):
        list(packed(root=f"local:{shards}").train_dataloader())


@pytest.mark.parametrize("text", ["{", "[]", '{"names": ["a"], "crc32": [1]}'])
def test_other_names_are_refused(packed, shards, text):
    (shards / "val" / "pictures.json").write_text(text)
    with pytest.raises(UserError, match=r"val/pictures.json: missing, or not the names that the manifest tells of"):
        packed().has("val")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file; expected there: what `inpaintlab shard` has written"),
        ("{", "no readable manifest"),
        ("[]", "no readable manifest"),
        ('{"schema": 9, "complete": true}', "expected schema 1, found 9"),
        ('{"schema": 1, "complete": false}', "the shards are not complete; call `inpaintlab shard` with the same"),
    ],
)
@pytest.mark.parametrize("scheme", ["", "local:"])
def test_bad_manifests(packed, shards, text, message, scheme):
    path = shards / "manifest.json"
    path.unlink() if text is None else path.write_text(text)
    if scheme and text is None:
        message = r"manifest.json: cannot be fetched \(The provided remote_path doesn't exist: .*\); expected there"
    with pytest.raises(UserError, match=message):
        packed(root=f"{scheme}{shards}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "random"}, "data.order=random: expected pictures or chunks"),
        ({"window": 0}, "data.window=0: expected at least 1"),
        ({"batch_size": 50}, "data.batch_size=50 x 1 processes: more than the 46 training pictures"),
    ],
)
def test_bad_options(packed, options, message):
    with pytest.raises(UserError, match=message):
        packed(**options).setup("fit")


def test_a_pickled_set_reads_on(packed):
    pictures = packed().images("val")
    first = pictures.encoded(1)
    assert pickle.loads(pickle.dumps(pictures)).encoded(1) == first


def test_many_chunks_few_open_files(packed, monkeypatch):
    pictures = packed().images("train")
    monkeypatch.setattr(pictures.store, "open_chunks", 2)
    bytes_of = [pictures.encoded(index) for index in range(23)]
    assert len(pictures.store._opened) == 2
    assert bytes_of == [packed().images("train").encoded(index) for index in range(23)]


class Storage(SimpleHTTPRequestHandler):
    """Answers like S3 with a path-style address: /bucket/key."""

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint(tmp_path, monkeypatch):
    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Storage, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_s3(packed, endpoint, tmp_path):
    fetched = packed(root="s3://shards", storage_options={"endpoint_url": endpoint}, order="pictures")
    assert all(same(one, other) for one, other in zip(batches(packed()), batches(fetched), strict=True))
    with pytest.raises(UserError, match=r"s3://other/manifest.json: cannot be fetched \(.*404.*\); expected there"):
        packed(root="s3://other", storage_options={"endpoint_url": endpoint})


@pytest.mark.parametrize("name", ["../../victim/planted.bin", "/tmp/planted.bin", "a/b.bin", "", None, 3])
@pytest.mark.parametrize("remote", [False, True])
def test_a_manifest_names_only_files_in_its_own_folder(tmp_path, name, remote):
    """From anywhere: nothing is fetched to, or read from, another place."""
    chunk = {"file": name, "pictures": 1, "bytes": 4, "sha256": "0" * 64}
    split = {"count": 1, "names_sha256": "0", "chunks": [chunk]}
    manifest = {"schema": 1, "complete": True, "source": {}, "splits": {"train": split}}
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "manifest.json").write_text(json.dumps(manifest))
    root = f"local:{tmp_path / 'there'}" if remote else str(tmp_path / "there")
    with pytest.raises(UserError) as told:
        open_store(root, cache=str(tmp_path / "cache"))
    assert "\n" not in str(told.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


def test_a_split_is_a_folder_of_its_own(tmp_path):
    chunk = {"file": "a.bin", "pictures": 1, "bytes": 4, "sha256": ""}
    split = {"count": 0, "names_sha256": "", "chunks": [chunk]}
    manifest = {"schema": 1, "complete": True, "source": {}, "splits": {"../x": split}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="outside of this folder"):
        open_store(str(tmp_path))
