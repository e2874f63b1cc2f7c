"""Cleaning a column is cleaning each of its values."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egov_kpi.load.text import clean, clean_array, respelled, tone_key

# White space that Python and Arrow agree on; unit and record separators don't occur in exports.
TEXT = st.text(st.sampled_from("aZ09 \t\n\u00a0\u3000ếệ\u0065\u0302\u0301đĐ\u0323ồ"), max_size=8)


@given(st.lists(st.none() | TEXT, max_size=8))
def test_both_ways_agree(values: list[str | None]) -> None:
    expected = [None if value is None else clean(value) for value in values]
    assert clean_array(pa.array(values, pa.string())).to_pylist() == expected


@pytest.mark.parametrize("value", ["", " ", "\u00a0", "\n"])
def test_nothing_is_null(value: str) -> None:
    assert clean_array(pa.array([value, "x"])).to_pylist() == [None, "x"]
    assert clean(value) is None


@pytest.mark.parametrize(("one", "other"), [("khóa", "khoá"), ("Tạm khóa", "Tạm khoá"), ("thủy lợi", "thuỷ lợi")])
def test_the_place_of_a_tone_mark_is_no_difference(one: str, other: str) -> None:
    assert tone_key(one) == tone_key(other)
    assert respelled(pa.array([other, None, "x", one]), {one: "locked"}).to_pylist() == [one, None, "x", one]


@pytest.mark.parametrize(("one", "other"), [("hoa", "hoà"), ("hoá", "hoà"), ("hòa giải", "hoa giài"), ("ca", "că")])
def test_another_tone_or_letter_is_a_difference(one: str, other: str) -> None:
    assert tone_key(one) != tone_key(other)
    assert respelled(pa.array([other]), {one: "x"}).to_pylist() == [other]
