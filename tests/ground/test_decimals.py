"""Many numbers at once, read and written: the same as one by one, to the last bit and the last character."""

import numpy as np
import pytest
from formclip.ground.fixed import fixed_lines
from formclip.ground.trace.decimals import plain_decimals
from hypothesis import given
from hypothesis import strategies as st

digits = st.text("0123456789", max_size=8)


@st.composite
def decimals(draw):
    """Digits, perhaps a point, digits; at least one in all, and few enough to be exact."""
    whole, point, part = draw(digits), draw(st.sampled_from(["", "."])), draw(digits)
    part = part if point else ""
    cell = (whole or ("" if part else "0")) + point + part
    cell = cell if float(cell) * 10 ** len(part) < 2**53 else "1" + point + part
    return draw(st.sampled_from(["", "-"])) + cell


@given(st.data(), st.integers(1, 5), st.sampled_from(",;\t|"), st.booleans(), st.booleans())
def test_plain_decimals_are_read_as_float_reads_them(data, columns, separator, returns, ends):
    rows = data.draw(st.lists(st.lists(decimals(), min_size=columns, max_size=columns), min_size=1, max_size=12))
    places = tuple(data.draw(st.lists(st.integers(0, columns - 1), min_size=1, unique=True)))
    line_end = "\r\n" if returns else "\n"
    text = line_end.join(separator.join(row) for row in rows) + (line_end if ends else "")
    found = plain_decimals(text.encode(), separator, places)
    expected = np.array([[float(row[place]) for place in places] for row in rows])
    assert found is not None and np.array_equal(found, expected)
    assert np.array_equal(np.signbit(found), np.signbit(expected))


@given(st.data(), st.text("0123456789.-+eExna \"'/:,;\r\n\0é", max_size=12).map(lambda t: t.encode()))
def test_whatever_else_is_left_to_others_or_read_right(data, cell):
    """Never a wrong number: what is read is what float() makes of the cells of each line."""
    rows = [[b"1.5", b"-2"], [b"0.25", b"7"], [b"3", b"4"]]
    rows[data.draw(st.integers(0, 2))][data.draw(st.integers(0, 1))] = cell
    text = b"\n".join(b",".join(row) for row in rows)
    found = plain_decimals(text, ",", (0, 1))
    if found is not None:
        lines = text.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
        assert found.tolist() == [[float(one) for one in line.split(b",")] for line in lines]


@pytest.mark.parametrize("cell", ["", "-", ".", "1e3", "nan", "+1", "1.2.3", "123456789", "99999999.99999999", " 1"])
def test_what_is_no_plain_decimal_is_left_to_others(cell):
    assert plain_decimals(f"1,2\n{cell},4\n".encode(), ",", (0, 1)) is None


@given(st.data(), st.lists(st.integers(0, 6), min_size=1, max_size=4))
def test_lines_are_written_as_percent_writes_them(data, decimals):
    near_half = st.builds(lambda n, e: (n + 0.5) / 10**e, st.integers(-9999, 9999), st.integers(0, 7))
    number = st.one_of(st.floats(-1e4, 1e4), st.floats(width=32), near_half, st.just(-0.0))
    count = len(decimals)
    rows = data.draw(st.lists(st.lists(number, min_size=count, max_size=count), min_size=0, max_size=8))
    table = np.array(rows, dtype=np.float64).reshape(-1, count)
    form = ",".join(f"%.{d}f" for d in decimals) + "\n"
    assert fixed_lines(table, tuple(decimals)) == "".join(form % tuple(row) for row in table.tolist()).encode()
