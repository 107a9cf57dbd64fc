"""Every YAML composes, and lists exactly the parameters of the class that it names."""

import inspect
import os
import re
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_object
from omegaconf import OmegaConf

from inpaintlab.basics import configs
from inpaintlab.basics.errors import UserError


def choices(group):
    return sorted(path.stem for path in Path(configs.FOLDER, group).glob("*.yaml") if not path.stem.startswith("_"))


CLASSICAL = (
    "biharmonic",
    "exported",
    "low_rank",
    "mean_color",
    "navier_stokes",
    "nearest_patch",
    "patchmatch",
    "telea",
    "total_variation",
    "unchanged",
)
PAPERS = [name for name in choices("model") if name not in CLASSICAL]


def composed(config_name="train", *overrides):
    with initialize_config_dir(configs.FOLDER, version_base="1.3"):
        cfg = compose(config_name, overrides=list(overrides), return_hydra_config=True)
    cfg.hydra.runtime.output_dir = "run"
    HydraConfig.instance().set_config(cfg)
    return cfg


def assert_keys_are_the_parameters(node):
    target = get_object(node["_target_"])
    parameters = inspect.signature(target).parameters
    assert not any(p.kind == p.VAR_KEYWORD for p in parameters.values()), f"{target}: **kwargs hide misspelt keys"
    assert set(node) - {"_target_"} == set(parameters)


@pytest.mark.parametrize("name", choices("model"))
def test_model_yaml_is_the_constructor(name):
    cfg = composed("train", f"model={name}")
    assert_keys_are_the_parameters(OmegaConf.to_container(cfg.model))
    given = {"size", "channels", "batch_size", "interpolation", "horizontal_flip", "masks"}
    assert given <= set(cfg.paper) <= given | {"mask_flip"}


@pytest.mark.parametrize("name", choices("data"))
def test_data_yaml_is_the_constructor(name):
    cfg = composed("train", "model=pconv", f"data={name}")
    assert_keys_are_the_parameters(OmegaConf.to_container(cfg.data, throw_on_missing=False))


@pytest.mark.parametrize("name", choices("mask"))
def test_mask_yaml_is_the_constructor(name):
    assert_keys_are_the_parameters(OmegaConf.to_container(composed("train", "model=pconv", f"mask={name}").mask))


@pytest.mark.parametrize("group", ["optimizer", "lr_schedule"])
def test_optimiser_and_schedule_list_their_arguments(group):
    """None that torch does not know, and no rate: that is the paper's."""
    for name in choices(group):
        node = OmegaConf.to_container(composed("train", "model=pconv", f"{group}={name}")[group])
        if name == "paper":
            assert node == {}
            continue
        parameters = inspect.signature(get_object(node.pop("_target_"))).parameters
        node.pop("_partial_", None)
        assert set(node) <= set(parameters) - {"params", "lr"}


@pytest.mark.slow
@pytest.mark.parametrize("group", ["hardware", "logger", "callbacks", "augment", "debug"])
def test_every_choice_of_the_small_groups_composes(group):
    for name in choices(group):
        cfg = composed("train", "model=pconv", f"{group}={name}")
        for node in (cfg.trainer, cfg.logger, cfg.callbacks, cfg.augment, cfg.data):
            OmegaConf.to_container(node or OmegaConf.create({}), resolve=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "train",
        "quickstart",
        "quickstart_own",
        "quickstart_scratch",
        "experiment",
        "evaluate",
        "predict",
        "export",
        "report",
        "masks",
        "cost",
        "study",
        "dashboard",
        "sweep_status",
        "shard",
    ],
)
def test_every_primary_config_composes(name):
    composed(name, *(["model=pconv"] if name in ("train", "experiment") else []))


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_every_model_composes_with_data_sets_and_masks(paper):
    """A sixth of them each, so that all models together meet every one several times."""
    data_sets, masks = choices("data"), choices("mask")
    turn = PAPERS.index(paper) % 6
    for index, data in enumerate(data_sets[turn::6]):
        cfg = composed("train", f"model={paper}", f"data={data}", f"mask={masks[(turn + 6 * index) % len(masks)]}")
        assert (cfg.data.size, cfg.data.batch_size) == (cfg.paper.size, cfg.paper.batch_size)


@pytest.mark.parametrize(
    ("paper", "interpolation", "flips"),
    [("pconv", "bicubic", False), ("madf", "bilinear", True), ("blind", "bicubic", False),
     ("context_encoder", "bicubic", False), ("dcgan", "bilinear", False), ("telea", "bicubic", False)],
)  # fmt: skip
def test_resizing_and_flips_are_the_papers(paper, interpolation, flips):
    """Only MADF's code flips; its resizing is torchvision's default and the DCGAN codes' scipy's, both bilinear."""
    data = composed("train", f"model={paper}", "data=places2").data
    assert (data.interpolation, data.horizontal_flip) == (interpolation, flips)
    assert not composed("train", f"model={paper}", "data=svhn").data.horizontal_flip


@pytest.mark.parametrize(
    ("authors", "year"),
    [("Liu, Pan, Su", 2017), ("Liu et al", 2018), ("Zhu et al", 2021), ("Yeh et al", 2016), ("Pathak et al", 2016)],
)
def test_the_papers_are_cited_with_one_year(authors, year):
    """Blind is by Liu, Pan and Su, PConv by another Liu and others."""
    root = Path(__file__).resolve().parents[1]
    files = [
        path
        for folder in ("conf", "docs", "experiments", "src")
        for path in (root / folder).rglob("*")
        if path.suffix in (".yaml", ".md", ".py")
    ]
    cited = rf"{authors}\.?,? (?:\(?[A-Z]\w+ )?\(?((?:19|20)\d\d)"
    found = {(path.name, int(y)) for path in files for y in re.findall(cited, path.read_text(encoding="utf-8"))}
    assert found
    assert not [pair for pair in found if pair[1] != year]


def test_given_sizes_win_over_the_papers():
    cfg = composed("train", "model=pconv", "data.size=128", "data.channels=1", "data.batch_size=2")
    assert (cfg.data.size, cfg.data.channels, cfg.data.batch_size) == (128, 1, 2)


def test_debugging_wins_over_the_papers_and_data_sets_own_values():
    """The preset comes last; words of the command line come after it."""
    cfg = composed("train", "model=context_encoder", "data=celebahq", "augment=flips", "debug=overfit")
    assert cfg.name == "debug-overfit"
    assert cfg.data.limit == {"train": 1}
    assert cfg.data.crops_per_picture == cfg.data.batch_size == cfg.paper.batch_size
    assert cfg.data.redraw is False
    assert cfg.augment is None
    assert cfg.trainer.max_steps == 500
    cfg = composed("train", "model=pconv", "debug=fast", "trainer.max_steps=3")
    assert (cfg.name, cfg.trainer.max_steps, cfg.trainer.val_check_interval) == ("debug-fast", 3, 5)
    assert composed("train", "model=pconv").trainer.max_steps == -1


def test_model_pconv_alone_is_the_papers():
    cfg = composed("train", "model=pconv")
    assert cfg.notice is None
    assert (cfg.paper.size, cfg.paper.batch_size) == (512, 6)
    assert (cfg.model.width, cfg.model.levels) == (64, 8)
    assert cfg.model.perceptual == 0.05
    assert cfg.model.style == 120


@pytest.mark.parametrize(("paper", "flip"), [("pconv", False), ("madf", True)])
def test_the_papers_masks_are_the_default_and_the_stand_in_takes_a_word(paper, flip):
    cfg = composed("train", f"model={paper}", "data=places2")
    assert cfg.hydra.runtime.choices.mask == cfg.paper.masks == "nvidia"
    assert cfg.mask.augmentation.flip is flip
    assert cfg.mask.pairing == "random"
    assert composed("train", f"model={paper}", "mask=irregular").hydra.runtime.choices.mask == "irregular"
    assert composed("quickstart").hydra.runtime.choices.mask == "irregular_wide"
    assert composed("cost", f"model={paper}").hydra.runtime.choices.mask == "center"
    assert composed("evaluate", f"model={paper}", "mask=nvidia", "mask.root=x").mask.pairing == "random"


@pytest.mark.parametrize(("mask", "told"), [("nvidia", ""), ("irregular", ", in place of the paper's nvidia")])
def test_the_opening_and_the_record_say_whose_place_the_masks_take(mask, told):
    from inpaintlab.training.opening import stand_in
    from inpaintlab.training.train import header

    cfg = composed("train", "model=madf", f"mask={mask}")
    assert stand_in(cfg) == told
    assert header(cfg)["choices"]["mask"] == mask  # of results.json
    assert not stand_in(composed("train", "model=blind", f"mask={mask}"))


def test_the_quickstart_goes_on_from_the_bundled_weights():
    cfg = composed("quickstart")
    assert cfg.model.weights == "bundled"
    assert cfg.trainer.max_time is None  # as many iterations everywhere
    assert "quickstart=scratch" in cfg.notice


def test_the_quickstart_from_nothing_says_openly_what_it_leaves_out():
    cfg = composed("quickstart_scratch")
    assert cfg.model.perceptual == cfg.model.style == 0
    assert "without" in cfg.notice.lower()
    assert "vgg" in cfg.notice.lower()


def test_last_checkpoint_is_the_newest_of_the_same_name(tmp_path):
    for age, run in enumerate(["20260101-000000", "20250101-000000"]):
        path = tmp_path / "pconv-photos-irregular" / run / "checkpoints" / "last.ckpt"
        path.parent.mkdir(parents=True)
        torch.save({}, path)
        os.utime(path, (100 - age, 100 - age))
    newest = configs.find_checkpoint("last", str(tmp_path), "pconv-photos-irregular")
    assert newest.parts[-3] == "20260101-000000"
    assert configs.run_folder(str(tmp_path), "pconv-photos-irregular", "last") == str(newest.parent.parent)


def test_absent_checkpoints_are_named(tmp_path):
    with pytest.raises(UserError, match="ckpt=last: no checkpoint below"):
        configs.find_checkpoint("last", str(tmp_path), "x")
    with pytest.raises(UserError, match=r"ckpt=no\.ckpt: no such file"):
        configs.find_checkpoint("no.ckpt", str(tmp_path), "x")


def checkpoint(folder, name):
    path = folder / "checkpoints" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"weights": torch.arange(10_000.0)}, path)
    return path


@pytest.mark.parametrize("damage", ["cut off", "a bit"])
def test_a_torn_checkpoint_gives_way_to_the_one_before_it(damage, tmp_path, capsys):
    last, previous = checkpoint(tmp_path, "last.ckpt"), checkpoint(tmp_path, "previous.ckpt")
    assert configs.last_checkpoint(tmp_path) == last
    content = bytearray(last.read_bytes())
    if damage == "cut off":
        del content[len(content) // 2 :]
    else:
        content[len(content) // 2] ^= 1
    last.write_bytes(content)
    assert configs.last_checkpoint(tmp_path) == previous
    assert f"{last}: torn or damaged" in capsys.readouterr().err
    assert configs.find_checkpoint("auto", "runs", "x", tmp_path) == previous
    assert configs.find_checkpoint("last", str(tmp_path.parent.parent), tmp_path.parent.name) == previous


def test_auto_is_the_runs_own_checkpoint_if_there_is_one(tmp_path):
    assert configs.find_checkpoint("auto", "runs", "x", tmp_path) is None
    previous = checkpoint(tmp_path, "previous.ckpt")  # killed between two renames
    assert configs.find_checkpoint("auto", "runs", "x", tmp_path) == previous


@pytest.mark.parametrize("variable", ["SLURM_JOB_ID", "TORCHELASTIC_RUN_ID"])
def test_processes_of_one_job_agree_on_the_folder(variable, monkeypatch):
    monkeypatch.setenv(variable, "12")
    assert configs.run_folder("runs", "x", None) == "runs/x/job-12"
