import pytest

from inpaintlab.basics.csv_cells import raw_cell, safe_cell


@pytest.mark.parametrize(
    "word", ['=HYPERLINK("http://x")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "-a.png"]
)
def test_a_word_that_a_spreadsheet_would_run_has_an_apostrophe(word):
    assert safe_cell(word) == f"'{word}"
    assert raw_cell(safe_cell(word)) == word


@pytest.mark.parametrize(
    "word", ["", "a.png", "'quoted'", "a=b", "-1.5", "+0.0123", "-1,234.5", "-inf", "-3e-05", "'a"]
)
def test_other_words_and_numbers_stay(word):
    assert safe_cell(word) == word
    assert raw_cell(word) == word
