import re
import subprocess
import sys

import pytest

from inpaintlab.verbs import cli


def inpaintlab(*words):
    return subprocess.run(
        [sys.executable, "-m", "inpaintlab.verbs.cli", *words], capture_output=True, text=True, timeout=120
    )


def test_help_lists_every_verb():
    for verb, told in cli.list_verbs().items():
        assert told
        assert f"  {verb} " in cli.usage()
        assert told in cli.usage()


def test_no_word_prints_the_usage(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["inpaintlab"])
    cli.main()
    assert "usage: inpaintlab <verb>" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "told"),
    [("trian", "unknown verb 'trian'; did you mean train?"), ("xyz", "unknown verb 'xyz'; expected one of: convert,")],
)
def test_an_unknown_verb_is_one_line(word, told, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["inpaintlab", word])
    with pytest.raises(SystemExit, match=re.escape(told)):
        cli.main()


@pytest.mark.parametrize("verb", cli.list_verbs())
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_verb_answers_help_without_being_imported(verb, flag, monkeypatch, capsys):
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: pytest.fail(name))
    monkeypatch.setattr(sys, "argv", ["inpaintlab", verb, flag])
    cli.main()
    assert capsys.readouterr().out.startswith(f"inpaintlab {verb}: ")


def test_a_checkpoint_of_a_sweep_needs_no_quotes(monkeypatch):
    seen = []
    monkeypatch.setattr("inpaintlab.verbs.evaluate.main", lambda: seen.append(sys.argv))
    monkeypatch.setattr(sys, "argv", ["inpaintlab", "evaluate", "ckpt=runs/a=1,b=2/last.ckpt", "limit=2"])
    cli.main()
    assert seen == [["inpaintlab evaluate", "ckpt='runs/a=1,b=2/last.ckpt'", "limit=2"]]


def test_the_ground_floor_of_the_command_line_needs_no_torch():
    code = "import sys, inpaintlab.verbs.train, inpaintlab.verbs.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_ctrl_c_before_the_verb_is_known_is_one_line(capsys, monkeypatch):
    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["inpaintlab", "train"])
    monkeypatch.setattr(cli, "list_verbs", stopped)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"
