"""The trace reader: every form of the data folder in, bad input refused in one line."""

import gzip
import lzma
import subprocess
import sys

import numpy as np
import pytest
from formclip.ground.errors import FormclipError, TraceError
from formclip.ground.trace import Block, Lost, open_trace, write_trace
from hypothesis import example, given, settings
from hypothesis import strategies as st

SIX = "t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_dps,gyr_y_dps,gyr_z_dps"


def motion(t_s):
    """Six smooth axes that a resampler can be judged on."""
    t_s = np.asarray(t_s, dtype=float)
    acc = [0.2 * np.sin(9 * t_s), 1 + 0.8 * np.sin(17 * t_s), 0.3 * np.cos(9 * t_s)]
    gyr = [40 * np.sin(8 * t_s), 30 * np.cos(7 * t_s), 20 * np.sin(5 * t_s)]
    return np.array(acc + gyr)


def write_rows(path, t_s, values=None, header=SIX, digits=5):
    values = motion(t_s) if values is None else values
    rows = [",".join([f"{t:.{digits}f}", *(f"{v:.5f}" for v in column)]) for t, column in zip(t_s, values.T)]
    text = "\n".join([header, *rows]) + "\n"
    if path.suffix == ".xz":
        path.write_bytes(lzma.compress(text.encode(), preset=0))
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def read(path):
    """All samples on their index (NaN where lost), and the trace."""
    trace = open_trace(path)
    parts, at = [], 0
    for piece in trace.pieces():
        if isinstance(piece, Lost):
            parts.append(np.full((6, piece.n), np.nan, dtype=np.float32))
            at += piece.n
        else:
            assert piece.index == at
            assert piece.samples.dtype == np.float32 and piece.samples.shape[0] == 6
            parts.append(piece.samples)
            at += piece.samples.shape[1]
    return np.concatenate(parts, axis=1), trace


@pytest.mark.parametrize("suffix", [".csv", ".csv.xz", ".csv.gz"])
def test_even_trace_passes_untouched(tmp_path, suffix):
    t_s = 3.5 + np.arange(1000) / 208
    samples, trace = read(write_rows(tmp_path / f"a{suffix}", t_s))
    assert trace.rate_hz == 208 and trace.timing.even and trace.has_gyro and not trace.notes
    np.testing.assert_allclose(samples, motion(t_s), atol=1.1e-5)
    np.testing.assert_allclose(trace.t_s(np.array([0, 500.5, 999])), [3.5, 3.5 + 500.5 / 208, t_s[-1]], atol=1e-4)


def test_columns_go_by_name(tmp_path):
    t_s = np.arange(600) / 100
    values = motion(t_s)
    shuffled = np.vstack((values[5], t_s, values[3], values[0] * 0, values[4], values[2], values[1], values[0]))
    rows = ["gyr_z_dps, t_s,gyr_x_dps,note,GYR_Y_dps,acc_z_g,acc_y_g,acc_x_g"]
    rows += [",".join(f"{v:.5f}" for v in row) for row in shuffled.T]
    (tmp_path / "a.csv").write_text("\r\n".join(rows) + "\r\n", encoding="utf-8-sig")
    samples, trace = read(tmp_path / "a.csv")
    assert trace.rate_hz == 100
    np.testing.assert_allclose(samples, values, atol=1.1e-5)


def test_accelerometer_only_and_two_axes(tmp_path):
    t_s = np.arange(600) / 100
    acc = motion(t_s)[:3]
    samples, trace = read(write_rows(tmp_path / "a.csv", t_s, acc, "t_s,acc_x_g,acc_y_g,acc_z_g"))
    assert not trace.has_gyro and not samples[3:].any()
    samples, trace = read(write_rows(tmp_path / "b.csv", t_s, acc[1::-1], "t_s,acc_v_g,acc_ap_g"))
    assert not trace.has_gyro and trace.planar
    np.testing.assert_allclose(samples[1], acc[1], atol=1.1e-5)  # up
    np.testing.assert_allclose(samples[0], acc[0], atol=1.1e-5)  # forward
    assert not samples[2:].any()


def test_gaps_become_lost_samples(tmp_path):
    keep = np.ones(3000, dtype=bool)
    keep[700:703] = keep[1500:1900] = keep[2500] = False
    t_s = np.arange(3000) / 208
    samples, trace = read(write_rows(tmp_path / "a.csv", t_s[keep]))
    np.testing.assert_array_equal(np.isnan(samples[0]), ~keep)
    np.testing.assert_allclose(samples[:, keep], motion(t_s[keep]), atol=1.1e-5)
    assert trace.lost_samples == 404 and "3 gaps" in " ".join(trace.notes)
    np.testing.assert_allclose(trace.t_s(np.array([0, 2000, 2999])), t_s[[0, 2000, 2999]], atol=1e-5)


def test_missing_values_are_lost(tmp_path):
    t_s = np.arange(400) / 100
    path = write_rows(tmp_path / "a.csv", t_s)
    lines = path.read_text().splitlines()
    lines[101] = lines[101].rsplit(",", 1)[0] + ","  # an empty cell
    lines[102] = lines[102].rsplit(",", 1)[0] + ",nan"
    lines[103] = "1.02,9e30,0,0,0,0,0"
    path.write_text("\n".join(lines) + "\n")
    samples, trace = read(path)
    assert np.flatnonzero(np.isnan(samples[0])).tolist() == [100, 101, 102]
    assert "3 rows" in " ".join(trace.notes)


@pytest.mark.parametrize(
    ("rate_hz", "expected_hz"), [(285.7142857, 286), (104.2, 104), (833.0, 208), (1000.0, 200), (512.0, 256)]
)
def test_odd_and_high_rates_are_resampled(tmp_path, rate_hz, expected_hz):
    t_s = 2 + np.arange(int(6 * rate_hz)) / rate_hz
    samples, trace = read(write_rows(tmp_path / "a.csv", t_s))
    assert trace.rate_hz == expected_hz
    ours_s = trace.t_s(np.arange(samples.shape[1]))
    truth = motion(ours_s)
    inside = slice(30, -30)  # the low-pass has no past at the very ends
    np.testing.assert_allclose(samples[:3, inside], truth[:3, inside], atol=2e-3)
    np.testing.assert_allclose(samples[3:, inside], truth[3:, inside], atol=0.1)
    assert ours_s[-1] == pytest.approx(t_s[-1], abs=2 / expected_hz)


def test_decimation_keeps_high_frequencies_out(tmp_path):
    t_s = np.arange(6000) / 1000
    values = motion(t_s)
    values[1] += 0.5 * np.sin(2 * np.pi * 190 * t_s)  # would alias to 10 Hz at 200 Hz
    samples, trace = read(write_rows(tmp_path / "a.csv", t_s, values))
    ours_s = trace.t_s(np.arange(samples.shape[1]))
    np.testing.assert_allclose(samples[1, 30:-30], motion(ours_s)[1, 30:-30], atol=5e-3)


def test_jitter_is_resampled_by_its_stamps(tmp_path):
    rng = np.random.default_rng(1)
    t_s = np.sort(np.arange(3000) / 200 + rng.uniform(-0.002, 0.002, 3000))
    samples, trace = read(write_rows(tmp_path / "a.csv", t_s))
    assert trace.rate_hz == 200 and not trace.timing.even
    truth = motion(trace.t_s(np.arange(samples.shape[1])))
    assert np.nanmax(np.abs(samples[1] - truth[1])) < 0.01


def test_stamps_rounded_to_10_ms_are_an_even_clock(tmp_path):
    t_s = np.arange(4000) / 208
    samples, trace = read(write_rows(tmp_path / "a.csv", np.round(t_s, 2), motion(t_s), digits=2))
    assert trace.rate_hz == 208 and trace.lost_samples == 0
    truth = motion(trace.t_s(np.arange(samples.shape[1])))
    assert np.max(np.abs(samples[1] - truth[1])) < 0.05


def test_chunks_do_not_show(tmp_path, monkeypatch):
    t_s = np.arange(3000) / 285.7142857
    path = write_rows(tmp_path / "a.csv", np.delete(t_s, slice(1000, 1100)))
    whole, _ = read(path)
    monkeypatch.setattr("formclip.ground.trace.table.CHUNK_B", 20_000)
    parts, _ = read(path)
    np.testing.assert_array_equal(np.isnan(whole), np.isnan(parts))
    np.testing.assert_allclose(whole, parts, atol=2e-4)


def test_what_is_written_is_read(tmp_path):
    t_s = np.arange(1000) / 104
    blocks = np.split(motion(t_s).astype(np.float32), 4, axis=1)
    for name in ("a.csv", "a.csv.xz", "a.csv.gz"):
        write_trace(tmp_path / name, 104, blocks)
        samples, trace = read(tmp_path / name)
        assert trace.rate_hz == 104
        np.testing.assert_allclose(samples, motion(t_s), atol=6e-5)


def rows_text(n=200, rate_hz=100.0, scale=1.0, offset_s=0.0):
    t_s = np.arange(n) / rate_hz
    lines = [SIX]
    for t, v in zip(t_s, motion(t_s).T):
        lines.append(",".join([f"{t * 1.0 + offset_s:.5f}", *(f"{scale * x:.5f}" for x in v)]))
    return lines


def spoil(line, text):
    lines = rows_text()
    lines[line - 1] = text
    return "\n".join(lines).encode()


def leap_ahead():
    return "\n".join(rows_text(100) + rows_text(100, offset_s=1e6)[1:]).encode()


BAD = {
    "empty": (b"", "byte 0", "empty"),
    "binary": (bytes(range(256)) * 400, "line 1", "CSV"),
    "no newline": (b"t_s,acc_x_g" * 100_000, "byte 0", "CSV"),
    "only a header": (SIX.encode() + b"\n", "line 2", "no rows"),
    "no header": ("\n".join(rows_text()[1:]).encode(), "line 1", "must name the columns"),
    "no time": (b"acc_x_g,acc_y_g,acc_z_g\n1,2,3\n", "line 1", "t_s"),
    "one axis missing": (b"t_s,acc_x_g,acc_z_g\n1,2,3\n", "line 1", "acc_y_g"),
    "one gyro axis missing": (b"t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_dps\n1,2,3,4,5\n", "line 1", "gyr_y_dps"),
    "a word": (spoil(50, "0.48,0,1,zero,0,0,0"), "line 50", "'zero'"),
    "a short row": (spoil(50, "0.48,0,1"), "line 50", "3 cells"),
    "time leaps": (leap_ahead(), "line 102", "leaps"),
    "m/s2": ("\n".join(rows_text(scale=9.81)).encode(), "line 2", "divide"),
    "mg": ("\n".join(rows_text(scale=1000)).encode(), "line 2", "divide it by 1000"),
    "raw counts": ("\n".join(rows_text(scale=2048)).encode(), "line 2", "raw counts"),
    "milliseconds": ("\n".join(rows_text(rate_hz=0.1)).encode(), "line 2", "divide milliseconds"),
    "too slow": ("\n".join(rows_text(rate_hz=20)).encode(), "line 2", "higher rate"),
    "time stands": ("\n".join([SIX] + ["1,0,1,0,0,0,0"] * 50).encode(), "line 2", "does not advance"),
    "few rows": ("\n".join(rows_text(5)).encode(), "line 6", "usable rows"),
    "cut xz": (lzma.compress("\n".join(rows_text(5000)).encode())[:-3000], "byte", "ends before its end"),
    "damaged xz": (lzma.compress("\n".join(rows_text(5000)).encode())[:3000] + b"\0" * 5000, "byte", "damaged xz"),
    "cut gzip": (gzip.compress("\n".join(rows_text(5000)).encode())[:-3000], "byte", "ends before its end"),
    "not xz at all": (b"\xfd7zXZ\x00rubbish rubbish rubbish", "byte", "damaged xz"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_names_file_place_and_remedy(tmp_path, name):
    content, place, words = BAD[name]
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(TraceError) as caught:
        read(path)
    line = str(caught.value)
    assert "bad.csv" in line and place in line and words in line and caught.value.next_step
    assert "\n" not in line and len(line) < 400


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(FormclipError, match=path.name):
            read(path)


def test_a_cut_last_line_is_left_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(rows_text(300)).encode()[:-30])
    samples, trace = read(path)
    assert samples.shape[1] == 299 and "cut short" in " ".join(trace.notes)


GOOD = "\n".join(rows_text(120)).encode()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
@example(b"\xfd7zXZ\x00")
@example(b"\x1f\x8b\x08")
@example(b"t_s,acc_v_g,acc_ap_g\n" + b"1e308,1,1\n" * 40)
def test_any_bytes_give_samples_or_one_line(tmp_path_factory, data):
    whole_or_error(tmp_path_factory, data)
    whole_or_error(tmp_path_factory, SIX.encode() + b"\n" + data)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 60),
    st.one_of(st.binary(max_size=60), st.text("0123456789.,-en\n\t ;", max_size=60).map(str.encode)),
    st.sampled_from([bytes, gzip.compress, lambda b: lzma.compress(b, preset=0)]),
    st.integers(0, 40),
)
def test_any_damage_gives_samples_or_one_line(tmp_path_factory, at, cut, put, pack, off_the_end):
    packed = pack(GOOD[:at] + put + GOOD[at + cut :])
    whole_or_error(tmp_path_factory, packed[: len(packed) - off_the_end])


def whole_or_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    try:
        trace = open_trace(path)
        for piece in trace.pieces():
            if isinstance(piece, Block):
                assert np.isfinite(piece.samples).all()
            else:
                assert piece.n > 0
    except TraceError as error:
        line = str(error)
        assert "any.csv" in line and error.place and error.next_step and line.isprintable()


def test_reading_is_bounded_and_quick(tmp_path):
    """Two hours at 104 Hz: the reader holds a chunk, not the trace, and takes under 10 us a row."""
    code = """
import resource, sys, time
import numpy as np
from formclip.ground.trace import open_trace, write_trace
n, rate = 260, 104
block = np.tile(np.array([[0.1], [1.0], [0.2], [3.0], [4.0], [5.0]]), (1, 2600))
write_trace(sys.argv[1], rate, (block for _ in range(n)))
list(open_trace(sys.argv[1]).pieces())[:0]
"""
    code = code.replace("list(open_trace(sys.argv[1]).pieces())[:0]", "")
    code += """
trace = open_trace(sys.argv[1])
next(iter(trace.pieces()))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
rows = sum(p.samples.shape[1] for p in open_trace(sys.argv[1]).pieces())
us = 1e6 * (time.process_time() - start) / rows
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(rows, us, grown)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "long.csv")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": "1"},
    )
    rows, us, grown_kb = map(float, done.stdout.split())
    assert rows == 260 * 2600
    assert us < 10
    assert grown_kb < 40_000
