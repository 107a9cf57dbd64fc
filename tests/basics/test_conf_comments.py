from pathlib import Path

import pytest

from inpaintlab.basics.conf_comments import read_conf
from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.help_text import CONFIGS
from inpaintlab.verbs.cli import list_verbs

OWN = ("overrides", "choices")
"""Keys that are there for ``inpaintlab`` itself."""


def test_a_comment_goes_on_below_its_key(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "# inpaintlab a\n"
        "defaults:\n"
        "  - _self_\n"
        "  - data: photos   # the pictures\n"
        "  - mask: null     # not read here; why\n"
        "  - override hydra/job_logging: stdout\n"
        "\n"
        "seed: 0            # of everything,\n"
        "                   # and more\n"
        "colour: '#fff'     # with a sign\n"
        "# a remark\n"
        "data: null         # filled in by the group\n"
        "paper:             # of the paper\n"
        "  size: 3          # side\n"
        "  batch: 4\n"
        "hydra:\n"
        "  run: {dir: .}\n"
    )
    groups, keys = read_conf(tmp_path / "a.yaml")
    assert [(group.name, group.default, group.comment, group.is_read()) for group in groups] == [
        ("data", "photos", "the pictures", True),
        ("mask", "null", "not read here; why", False),
    ]
    told = [(entry.name, entry.default, entry.comment) for key in keys for entry in key.told()]
    assert told == [
        ("seed", "0", "of everything, and more"),
        ("colour", "'#fff'", "with a sign"),
        ("paper", "", "of the paper"),
        ("paper.size", "3", "side"),
    ]


@pytest.mark.parametrize("verb", list_verbs())
def test_every_key_and_group_of_every_verb_has_a_sentence(verb):
    path = Path(FOLDER, f"{CONFIGS.get(verb, verb.replace('-', '_'))}.yaml")
    groups, keys = read_conf(path) if path.is_file() else ([], [])
    assert all(group.comment for group in groups)
    for key in keys:
        if key.name not in OWN and not (verb == "shard" and key.name in ("paper", "mask", "seed")):
            assert key.comment or all(child.comment for child in key.children), key.name
