import pytest

from inpaintlab.training.durations import about, duration


@pytest.mark.parametrize(
    ("seconds", "text"), [(12.4, "12 s"), (61, "1 min 1 s"), (3600 * 2.5, "2 h 30 min"), (90_000, "1 d 1 h")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(20, "less than a minute"), (60, "about 1 minute"), (3500, "about 58 minutes"), (3600, "about 1 hour"),
     (40_000, "about 11 hours"), (86_400, "about 1 day"), (1e6, "about 12 days")],
)  # fmt: skip
def test_about(seconds, text):
    assert about(seconds) == text
