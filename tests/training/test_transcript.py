import sys

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.training.transcript import transcript


def test_what_is_printed_is_in_the_log_too(tmp_path, capsys):
    with transcript(tmp_path):
        print("one")
        print("10 %\r20 %", end="")
        print("\rdone")
        print("two", file=sys.stderr)
        assert sys.stdout.isatty() is False
    print("three")
    assert (tmp_path / "train.log").read_text() == "one\ndone\ntwo\n"
    told = capsys.readouterr()
    assert (told.out, told.err) == ("one\n10 %\r20 %\rdone\nthree\n", "two\n")


def test_it_goes_on_and_ends_with_the_error(tmp_path):
    @transcript(tmp_path)
    def fail():
        print("begun")
        raise UserError("no such thing")

    for _ in range(2):
        with pytest.raises(UserError):
            fail()
    assert (tmp_path / "train.log").read_text() == "begun\nerror: no such thing\n" * 2
