import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from inpaintlab.basics.configs import run_folder
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.paths import expand_paths, quote_words, refuse_null

NAMES = [
    "photo (1).jpg", "[x].jpg", '"q".jpg', "été.jpg", "e\u0301te\u0301.jpg", "東京.jpg", "it's.jpg", "a&b.jpg",
    "a;b.jpg", "a~b.jpg", "x!.jpg", "#1.jpg", "<x>.jpg", "`.jpg", "a=b.jpg", "a,b.jpg", "{x}.jpg", " lead.jpg",
    "trail ", "a:b.jpg", "a\\b.jpg", "end\\", "2024", "1e3", "-5", "3.50", "1_000", "true", "007", "a'b\\'c", "~/x",
    "x y/z", "%20.jpg", "*?.jpg", "a\tb.jpg", "it's (1), [2] = {3}.jpg", "\\'", "''x", "$HOME", "a$b", "'x", "x'",
    "/a/b-c_1.ckpt", "./1", "1/2", "a/null", "NaN", "Null", "inf", "off", "-/a", "_", "a-", "/",
    "..", "../..", "1e3/", "-5/a",
]  # fmt: skip
KEYS = ["images", "masks", "output", "runs", "ckpt", "data.root", "mask.root", "init_from", "model.vgg_weights",
        "weights.lpips_vgg"]  # fmt: skip


def read(word):
    """Return the value that Hydra reads from a word of the command line."""
    (override,) = OverridesParser.create().parse_overrides(quote_words([word]))
    return override.value()


@pytest.mark.parametrize("name", NAMES)
def test_a_path_is_what_was_typed(name):
    for key in KEYS:
        value = read(f"{key}={name}")
        assert value == name
        assert type(value) is str


@pytest.mark.parametrize("name", ["2026_11_27", "1e3", "2026", "é", "a,b"])
def test_a_name_is_what_was_typed(name):
    assert read(f"name={name}") == name


def test_what_is_quoted_a_list_an_interpolation_or_null_stays():
    words = [
        "images='été.jpg'",
        'images="été.jpg"',
        "runs=[a,b]",
        "output=${runs}/x",
        "ckpt=null",
        "data.size=64",
        "-m",
    ]
    assert quote_words(words[:-1]) == words[:-1]
    assert read("runs=['a (1)',b]") == ["a (1)", "b"]


def test_plain_ones_stay_readable():
    words = ["data.root=/home/me/photos", "name=first-run", "ckpt=runs/a/20260101-000000/checkpoints/last.ckpt"]
    assert quote_words(words) == words


def test_a_multirun_over_paths_goes_on_working():
    word = quote_words(["-m", "data.root=a (1),b"])[1]
    (override,) = OverridesParser.create().parse_overrides([word])
    assert override.is_sweep_override()
    assert [value.text for value in override.sweep_iterator()] == ["a (1)", "b"]


def test_a_home_is_expanded_in_every_path(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    cfg = OmegaConf.create({"output": "~/filled", "runs": ["~/a", "b"], "data": {"root": "~/x", "size": 3},
                            "ckpt": None, "masks": "???", "mask": {"root": "${output}"}, "name": "~"})  # fmt: skip
    expand_paths(cfg)
    assert cfg.output == cfg.mask.root == "/home/somebody/filled"
    assert cfg.runs == ["/home/somebody/a", "b"]
    assert cfg.data.root == "/home/somebody/x"
    assert cfg.name == "~"


def test_null_is_refused_where_the_verb_leaves_nothing_open():
    usual = OmegaConf.create({"images": "???", "masks": None, "output": "predictions", "seed": 3, "runs": "${seed}"})
    given = OmegaConf.create({"images": "a", "masks": None, "output": "o", "seed": None, "runs": "r"})
    refuse_null(given, usual)
    refuse_null(OmegaConf.create({"masks": None}), usual)
    for key in ("images", "output", "runs"):
        with pytest.raises(UserError, match=f"{key}=null: expected a path; put null into quotes"):
            refuse_null(OmegaConf.merge(given, {key: None}), usual)


@pytest.mark.parametrize(
    ("runs", "name", "told"), [(None, "a", "runs=null"), ("r", None, "name=null"), ("r", "", "name=:")]
)
def test_a_run_without_a_name_is_one_line(runs, name, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        run_folder(runs, name, None)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: {told}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("cfg", "told"),
    [
        ({"images": ["a.png", "b.png"]}, "images=\\['a.png', 'b.png'\\]: expected one path, not a list"),
        ({"data": {"root": ["a", "b"]}}, "data.root=\\['a', 'b'\\]: expected one path, not a list"),
        ({"output": 2024}, "output=2024: expected a path"),
        ({"data": {"root": ""}}, "data.root=: expected a path; nothing"),
        ({"runs": ["a", 3]}, "runs=3: expected a path"),
    ],
)
def test_what_is_no_path_is_one_line(cfg, told):
    with pytest.raises(UserError, match=told):
        expand_paths(OmegaConf.create(cfg))
