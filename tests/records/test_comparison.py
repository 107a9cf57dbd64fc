from inpaintlab.records.comparison import changed_words, conditions, differences, flatten, protocol_settings
from tests.tracking.records import record


def test_the_first_difference_is_named_by_its_path():
    old = {"data": {"size": 32, "root": "a"}, "protocols": {"standard": {}}}
    assert differences(old, {**old}) == []
    assert str(differences(old, {**old, "data": {"size": 64, "root": "a"}})[0]) == "data.size=32, not 64"
    assert str(differences(old, {**old, "limit": 3})[0]) == "limit=null, not 3"
    assert str(differences(old, {"data": old["data"]})[0]) == "protocols.standard={}, not null"
    assert len(str(differences({"x": "a" * 500}, {"x": "b"})[0])) < 100


def test_only_what_both_have_is_compared_where_that_is_asked():
    own, other = {"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 1, "c": 4}, "e": None}
    assert [one.name for one in differences(own, other)] == ["a.c", "d"]
    assert [str(one) for one in differences(own, other, shared=True)] == ["a.c=2, not 4"]


def test_flat_settings():
    assert dict(flatten({"a": {"b": 1, "c": {}}, "d": [1, 2]})) == {"a.b": 1, "a.c": {}, "d": [1, 2]}


def test_conditions_are_those_of_pictures_and_holes():
    frozen = {"source": "frozen", "folder": "x", "sha256": "9" * 64, "maker": None}
    one, other = record(), record(masks=frozen, overrides=["data.root=x", "data.size=64", "model.width=4"])
    assert conditions(one)["masks.maker._target_"] == "x"
    assert {d.name for d in differences(conditions(one), conditions(other))} == {
        *("words about the data", "masks", "masks.sha256", "masks.maker._target_"),
    }
    assert conditions(record(name="b", ckpt=None, blind=True)) == conditions(one)


def test_words_that_change_no_picture_are_harmless():
    words = ["data.num_workers=2", "mask.ratio=[0.1,0.2]", "data.root=x", "seed=3"]
    assert changed_words(words, ("data.", "mask.")) == "data.root=x mask.ratio=[0.1,0.2]"
    assert changed_words(words[:1], ("data.",)) is None


def test_what_a_protocol_looks_at_decides_no_number():
    settings = {"boundary": 4, "regions": {"full": ["psnr"]}, "outputs": ["completed"], "distributions": {"fid": {}}}
    assert protocol_settings(record(protocols={"p": settings}), "p") == {"boundary": 4}
