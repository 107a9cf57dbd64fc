import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import report_errors, user_message


def fails(error):
    @report_errors
    def task(cfg):
        raise error

    return task


def test_a_user_error_is_one_line_and_status_2(capsys):
    with pytest.raises(SystemExit) as stop:
        fails(UserError("data.root=x: no such folder"))(None)
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: data.root=x: no such folder\n"


def test_a_defect_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        fails(ZeroDivisionError())(None)


def test_a_user_error_is_found_behind_hydra():
    with pytest.raises(Exception) as caught:  # noqa: PT011 - Hydra's wrapper is the point
        instantiate({"_target_": "tests.basics.test_messages.raise_user_error"})
    assert user_message(caught.value) == "wrong size"


def test_an_unknown_constructor_argument_is_told_in_one_line():
    with pytest.raises(Exception) as caught:  # noqa: PT011
        instantiate({"_target_": "inpaintlab.basics.errors.user_error_with", "x": 1})
    assert user_message(caught.value) is None  # a missing class is a defect of the YAML
    with pytest.raises(Exception) as caught:  # noqa: PT011
        instantiate({"_target_": "tests.basics.test_messages.raise_user_error", "colour": 1})
    assert "unexpected keyword argument 'colour'" in user_message(caught.value)


def test_a_value_left_open_is_named():
    with pytest.raises(Exception) as caught:  # noqa: PT011
        OmegaConf.create({"mask": {"root": "???"}}).mask.root  # noqa: B018
    assert user_message(caught.value) == "mask.root=... is needed: the configuration leaves it open"


def raise_user_error():
    raise UserError("wrong size")


def test_a_name_of_odd_letters_leaves_the_line_one_and_the_terminal_alone():
    told = user_message(UserError("a\x0cb\u2028c\x85\nd\x1b[2J: no such file"))
    assert told == r"a\x0cb\u2028c\x85\nd\x1b[2J: no such file"
