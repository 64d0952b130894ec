"""Plain tables, whatever they look like: the same readings come out, or one line says why not."""

import io
import lzma
import zipfile
from datetime import datetime, timedelta

import numpy as np
import pytest
from formclip.ground.errors import FormclipError, TraceError
from formclip.ground.trace import Block, Given, open_trace
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ground.exports import G, motion, run, table, written

RUN = run(12.0)
ACC_NAMES = ("acc_{a}", "a{a}", "Acc{A}", "Acceleration {a}", "accelerometer.{a}", "ACCEL_{A}", "Beschleunigung {a}")
GYR_NAMES = ("gyr_{a}", "w{a}", "Gyro{A}", "Gyroscope {a}", "rotationRate.{a}", "omega_{a}", "GYRO_{A}")
ACC_UNITS = {"g": 1.0, "m/s^2": G, "m/s²": G, "mg": 1000.0, "m/s2": G, "": 1.0}
GYR_UNITS = {"deg/s": 1.0, "rad/s": np.radians(1), "°/s": 1.0, "dps": 1.0, "": np.radians(1)}
TIMES = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9, "": 1.0}
BRACKETS = ("{n} ({u})", "{n} [{u}]", "{n}({u})")


def named(pattern, axis, bracket, unit):
    name = pattern.format(a=axis, A=axis.upper())
    return bracket.format(n=name, u=unit) if unit else name


DIALECTS = st.fixed_dictionaries(
    {
        "separator": st.sampled_from([",", ";", "\t", " "]),
        "comma": st.booleans(),
        "acc": st.sampled_from(ACC_NAMES),
        "gyr": st.sampled_from(GYR_NAMES),
        "bracket": st.sampled_from(BRACKETS),
        "acc_unit": st.sampled_from(sorted(ACC_UNITS)),
        "gyr_unit": st.sampled_from(sorted(GYR_UNITS)),
        "time_unit": st.sampled_from(sorted(TIMES)),
        "other": st.booleans(),  # a column of no interest
        "order": st.permutations(range(8)),
        "quote": st.booleans(),
        "before": st.sampled_from(["", "# made up\n# 2026\n", "recorded by nobody\n\n", "sep"]),
        "end": st.sampled_from(["\n", "\r\n"]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
        "pack": st.sampled_from(["", "xz", "zip"]),
    }
)


def as_bytes(d):
    separator = d["separator"]
    names = [f"time ({d['time_unit']})" if d["time_unit"] else "time"]
    columns = [RUN.t_s * TIMES[d["time_unit"]]]
    for kind, values in (
        ("acc", RUN.acc_g * ACC_UNITS[d["acc_unit"]]),
        ("gyr", RUN.gyr_dps * GYR_UNITS[d["gyr_unit"]]),
    ):
        names += [named(d[kind], axis, d["bracket"], d[kind + "_unit"]) for axis in "xyz"]
        columns += list(values.T)
    if d["other"]:
        names.append("temperature")
        columns.append(np.full(len(RUN.t_s), 27.5))
    order = [i for i in d["order"] if i < len(names)]
    names, columns = [names[i] for i in order], [columns[i] for i in order]
    if separator == " ":
        names = [n.replace(" (", "(").replace(" [", "[").replace(" ", "_") for n in names]
    header = separator.join(f'"{n}"' if d["quote"] and separator != " " else n for n in names)
    before = d["before"] if d["before"] != "sep" else f"sep={separator}\n" if separator != " " else ""
    rows = table("", columns, separator, "%.9f")
    if d["comma"] and separator in ";\t":
        rows = rows.replace(".", ",")
    data = (before + header + "\n" + rows).replace("\n", d["end"]).encode(d["encoding"])
    if d["pack"] == "xz":
        return lzma.compress(data, preset=0)
    if d["pack"] == "zip":
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("any.csv", data)
        return held.getvalue()
    return data


@settings(max_examples=120, deadline=None)
@given(DIALECTS)
def test_a_table_is_read_whatever_it_looks_like(tmp_path_factory, dialect):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(as_bytes(dialect))
    trace = open_trace(path)
    samples = np.concatenate([p.samples for p in trace.pieces() if isinstance(p, Block)], axis=1)
    assert trace.rate_hz == 100 and trace.has_gyro
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=2e-4)
    np.testing.assert_allclose(samples[3:].T, RUN.gyr_dps, atol=2e-2)


def columns_of(run, rows=None):
    return [c[:rows] for c in (run.t_s, *run.acc_g.T, *run.gyr_dps.T)]


def samples_of(path, given=None):
    trace = open_trace(path, given)
    return np.concatenate([p.samples for p in trace.pieces() if isinstance(p, Block)], axis=1), trace


def test_no_header_is_read_with_the_numbers_of_the_columns(tmp_path):
    path = written(tmp_path / "a.csv", table("", columns_of(RUN)))
    with pytest.raises(TraceError, match="must name the columns, or --columns t=1,ax=2"):
        open_trace(path)
    given = Given({"t": "1", "ax": "2", "ay": "3", "az": "4", "gx": "5", "gy": "6", "gz": "7"})
    samples, trace = samples_of(path, given)
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=1e-5)
    assert trace.has_gyro and trace.plan.sure == "certain"


def test_columns_go_by_the_names_that_a_person_gives(tmp_path):
    path = written(tmp_path / "a.csv", table("tick,p,q,r,u,v,w2", columns_of(RUN)))
    with pytest.raises(TraceError, match="no columns of acceleration among 'tick, p, q, r, u, v, w2'"):
        open_trace(path)
    samples, trace = samples_of(path, Given({"t": "tick", "ax": "p", "ay": "q", "az": "r"}))
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=1e-5)
    assert not trace.has_gyro
    with pytest.raises(TraceError, match="no column 'nope'"):
        open_trace(path, Given({"t": "tick", "ax": "nope", "ay": "q", "az": "r"}))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Given({"ax": "p"}), "but not ay"),
        (Given(acc_unit="stone"), "no unit 'stone'"),
        (Given({"q": "1"}), "no column 'q'"),
    ],
)
def test_what_a_person_says_wrongly_is_told(tmp_path, given, words):
    path = written(tmp_path / "a.csv", table("t_s,acc_x_g,acc_y_g,acc_z_g", columns_of(RUN)[:4]))
    with pytest.raises(TraceError, match=words):
        open_trace(path, given)


def test_a_unit_that_is_said_is_used_on_our_own_form(tmp_path):
    columns = [RUN.t_s * 1000, *(RUN.acc_g.T * G)]
    path = written(tmp_path / "a.csv", table("t_s,acc_x_g,acc_y_g,acc_z_g", columns))
    with pytest.raises(TraceError, match="--acc-unit m/s2|--time-unit ms"):
        open_trace(path)
    samples, _ = samples_of(path, Given(acc_unit="m/s2", time_unit="ms"))
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=1e-4)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_another_unit_of_time_in_our_own_form_is_told(tmp_path, unit):
    columns = [RUN.t_s * TIMES[unit], *RUN.acc_g.T]
    path = written(tmp_path / "a.csv", table("t_s,acc_x_g,acc_y_g,acc_z_g", columns))
    with pytest.raises(TraceError, match=f"--time-unit {unit}"):
        open_trace(path)


def test_raw_counts_are_told_by_gravity_and_a_gyroscope_in_counts_is_left_out(tmp_path):
    counts = [RUN.t_s, *np.round(RUN.acc_g.T * 2048), *np.round(RUN.gyr_dps.T * 16.4)]
    path = written(tmp_path / "a.csv", table("time (s),ax_raw,ay_raw,az_raw,gx_raw,gy_raw,gz_raw", counts))
    samples, trace = samples_of(path)
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=1e-3)
    assert not trace.has_gyro
    notes = " ".join(trace.notes)
    assert "2048 to the g" in notes and "--gyr-unit" in notes
    samples, trace = samples_of(path, Given(gyr_unit="1/16.4 deg/s"))
    np.testing.assert_allclose(samples[3:].T, RUN.gyr_dps, atol=0.05)


def test_a_named_unit_that_gravity_denies_is_told_not_taken(tmp_path):
    names = "time (s),Acceleration x (m/s^2),Acceleration y (m/s^2),Acceleration z (m/s^2)"
    samples, trace = samples_of(written(tmp_path / "a.csv", table(names, [RUN.t_s, *RUN.acc_g.T])))
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=1e-5)
    assert any("the file says m/s2" in note and "taken as g" in note for note in trace.notes)


@pytest.mark.parametrize("scale", [1.0, G])
@pytest.mark.parametrize("names", ["t_s,acc_x_g,acc_y_g,acc_z_g", "time,ax,ay,az", "time,x,y,z"])
def test_acceleration_without_gravity_is_refused(tmp_path, names, scale):
    columns = [RUN.t_s, *((RUN.acc_g - [0, 1, 0]) * scale).T]
    with pytest.raises(TraceError, match="gravity is missing"):
        open_trace(written(tmp_path / "a.csv", table(names, columns)))


def test_lines_that_are_no_rows_are_left_out_and_told(tmp_path):
    lines = table("time,ax,ay,az", columns_of(RUN)[:4]).split("\n")
    lines[300:300] = ["# paused", "resumed by hand", ""]
    lines[600] = "5.98,0,##,0"
    path = written(tmp_path / "a.csv", "\n".join(lines))
    samples, trace = samples_of(path)
    assert samples.shape[1] >= len(RUN.t_s) - 2
    assert any("2 lines without numbers left out" in note for note in trace.notes)


def test_a_header_that_comes_again_is_a_recording_gone_on(tmp_path):
    half = table("time,ax,ay,az", columns_of(RUN, 600)[:4])
    path = written(tmp_path / "a.csv", half + half)
    samples, trace = samples_of(path)
    assert samples.shape[1] == 1200
    assert any("a recording that was gone on" in note for note in trace.notes)


def test_one_sensor_a_file_and_a_folder_of_all(tmp_path):
    acc = table("time,x,y,z", [RUN.t_s, *RUN.mps2.T])
    gyr = table("time,x,y,z", [RUN.t_s, *RUN.rad_s.T])
    (tmp_path / "walk").mkdir()
    written(tmp_path / "walk" / "Accelerometer.csv", acc)
    written(tmp_path / "walk" / "Gyroscope.csv", gyr)
    samples, trace = samples_of(tmp_path / "walk")
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=1e-4)
    np.testing.assert_allclose(samples[3:].T, RUN.gyr_dps, atol=0.02)
    with pytest.raises(TraceError, match="a gyroscope without an accelerometer"):
        open_trace(tmp_path / "walk" / "Gyroscope.csv")


def test_two_files_whose_times_do_not_meet(tmp_path):
    late = run(12.0)
    files = {"acc.csv": [RUN.t_s, *RUN.mps2.T], "gyro.csv": [late.t_s + 500, *late.rad_s.T]}
    (tmp_path / "walk").mkdir()
    for name, columns in files.items():
        written(tmp_path / "walk" / name, table("time,x,y,z", columns))
    samples, trace = samples_of(tmp_path / "walk")
    assert not trace.has_gyro and any("do not overlap" in note for note in trace.notes)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["10:00:00.000"], ["10:00:00.010"]], None),
        ([["1/2/2026 11:59:59.990 PM"], ["1/3/2026 12:00:00.000 AM"]], None),
        ([["31.12.2026 23:59:59,990"], ["01.01.2027 00:00:00,000"]], None),
        ([["2026-03-29T01:59:59.990+01:00"], ["2026-03-29T03:00:00.000+02:00"]], None),
        ([["2026-01-02_10:11:12_990 CET"], ["2026-01-02_10:11:13_000 CET"]], None),
        ([["31-Dec-2026 23:59:59.990"], ["01-Jan-2027 00:00:00.000"]], None),
        ([["2 March 2026 11:59:59.990 PM"], ["3 March 2026 12:00:00.000 AM"]], None),
    ],
)
def test_clock_text_goes_on_by_the_same_step(rows, words):
    from formclip.ground.trace.clock import ClockText

    seconds = ClockText().push(np.array([r[0] for r in rows]))
    assert seconds[1] - seconds[0] == pytest.approx(0.01, abs=1e-6)


def test_a_day_and_a_time_of_day_in_two_columns(tmp_path):
    day = ["02.01.2026"] * len(RUN.t_s)
    clock = [f"10:11:{12 + int(t):02d}.{round(t % 1 * 1000) % 1000:03d}" for t in RUN.t_s]
    path = written(tmp_path / "a.csv", table("Date;Time;ax;ay;az", [day, clock, *RUN.acc_g.T], ";"))
    samples, trace = samples_of(path)
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%H:%M:%S", "%d.%m.%Y %H:%M:%S"]),
    st.sampled_from(".:,"),
    st.sampled_from([5, 8, 10, 13]),
    st.sampled_from(["without zeros before", "without zeros behind", "with all"]),
)
def test_milliseconds_are_read_however_their_zeros_are_written(date, mark, step_ms, zeros):
    """Loggers that write 5 ms as .5, and libraries that write half a second so."""
    from formclip.ground.trace.clock import ClockText

    start = datetime(2026, 1, 2, 10, 11, 12)
    words = []
    for ms in range(0, 3000, step_ms):
        digits = {"without zeros before": str(ms % 1000), "with all": f"{ms % 1000:03d}"}.get(zeros)
        digits = digits if digits is not None else f"{ms % 1000:03d}".rstrip("0")
        words.append((start + timedelta(seconds=ms // 1000)).strftime(date) + (mark + digits if digits else ""))
    seconds = ClockText().push(np.array(words))
    np.testing.assert_allclose(np.diff(seconds), step_ms / 1000, atol=1e-6)


def test_milliseconds_in_a_column_of_their_own_are_not_the_time(tmp_path):
    whole = [f"10:11:{12 + int(t):02d}" for t in RUN.t_s]
    ms = ["%d" % round(t % 1 * 1000) for t in RUN.t_s]
    text = table("Date,Time,Milliseconds,ax,ay,az", [["2026-01-02"] * len(ms), whole, ms, *RUN.acc_g.T])
    samples, trace = samples_of(written(tmp_path / "a.csv", text))
    assert trace.rate_hz == 100
    np.testing.assert_allclose(samples[:3].T, RUN.acc_g, atol=0.02)


@pytest.mark.parametrize(("per_s", "name"), [(86400**-1, "Time"), (32768.0, "timestamp")])
def test_days_are_read_and_ticks_of_a_counter_are_asked_for(tmp_path, per_s, name):
    stamps = ["%.10f" % (46054.5 + t * per_s) if per_s < 1 else "%d" % round(t * per_s) for t in RUN.t_s]
    path = written(tmp_path / "a.csv", table(f"{name},ax,ay,az", [stamps, *RUN.acc_g.T]))
    given = None
    if per_s > 1:
        with pytest.raises(
            TraceError, match="'timestamp' does not name its unit: as us it would be 3052 rows a second"
        ):
            open_trace(path)
        given = Given(time_unit="1/32768 s")
    samples, trace = samples_of(path, given)
    assert trace.rate_hz == 100
    np.testing.assert_allclose(samples[:3, 5:-5].T, RUN.acc_g[5 : samples.shape[1] - 5], atol=0.02)


def test_a_time_that_is_not_known_is_named(tmp_path):
    path = written(tmp_path / "a.csv", table("time,ax,ay,az", [["20260102_115930_000"] * 3000, *RUN.acc_g[:3000].T]))
    with pytest.raises(TraceError, match="'time' holds no time that is known: '20260102_115930_000'"):
        open_trace(path)


def test_some_absurd_readings_are_lost_and_nothing_else(tmp_path):
    acc = RUN.acc_g.copy()
    acc[500::700] = 1e5  # once "gravity is missing": the size of all was that of these
    samples, trace = samples_of(written(tmp_path / "a.csv", table("time,ax,ay,az", [RUN.t_s, *acc.T])))
    assert trace.lost_samples == 1 and samples.shape[1] == len(acc) - 1


def test_a_gyroscope_whose_named_unit_no_body_could_turn_in_costs_no_row(tmp_path):
    columns = [RUN.t_s, *RUN.acc_g.T, *(1000 * RUN.gyr_dps.T)]
    path = written(tmp_path / "a.csv", table("time,ax,ay,az,gx (deg/s),gy (deg/s),gz (deg/s)", columns))
    samples, trace = samples_of(path)
    assert samples.shape[1] == len(RUN.t_s) and not trace.has_gyro
    assert any("more than a body can" in note for note in trace.notes)
    assert samples_of(path, Given(gyr_unit="mdeg/s"))[1].has_gyro


def test_a_gyroscope_of_another_place_on_the_body_is_left_out(tmp_path):
    columns = [RUN.t_s, *(5 * RUN.gyr_dps.T), *RUN.acc_g.T]
    names = "time,ankle_gyr_x,ankle_gyr_y,ankle_gyr_z,waist_acc_x,waist_acc_y,waist_acc_z"
    trace = samples_of(written(tmp_path / "a.csv", table(names, columns)))[1]
    assert not trace.has_gyro and any("another place on the body (ankle_gyr_x)" in note for note in trace.notes)


def test_a_file_of_which_nothing_is_read_is_named(tmp_path):
    path = written(tmp_path / "a.csv", table("time,ax,ay,az", columns_of(RUN)[:4]))
    turning = table("Timestamp,X,Y,Z", [RUN.t_s, *RUN.rad_s.T])
    joined = open_trace(path, None, [written(tmp_path / "AngularVelocity.csv", turning)])
    assert joined.has_gyro and not any("nothing of" in note for note in joined.notes)
    odd = written(tmp_path / "pulse.csv", table("time,bpm", [RUN.t_s, RUN.t_s]))
    assert "nothing of pulse.csv is read" in open_trace(path, None, [odd]).notes


@pytest.mark.parametrize("what", ["empty", "no table", "inside", "cut", "locked name"])
def test_a_zip_that_holds_nothing_to_read(tmp_path, what):
    path = tmp_path / "a.zip"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        if what == "no table":
            archive.writestr("read me.txt", "nothing here")
            archive.writestr("a.jpg", b"\xff\xd8" * 100)
        elif what == "inside":
            archive.writestr("b.zip", b"PK\x03\x04" + bytes(100))
        elif what != "empty":
            archive.writestr("a.csv", table("time,ax,ay,az", columns_of(RUN)[:4]))
    data = held.getvalue()
    path.write_bytes(data[: len(data) // 2] if what == "cut" else data)
    if what == "locked name":
        samples_of(path)
        return
    with pytest.raises(FormclipError, match="a.zip"):
        open_trace(path)


def test_a_bomb_is_not_unpacked_at_once(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as file:
        file.write(b"time,ax,ay,az\n")
        for _ in range(300):
            file.write(b"0" * 1_000_000)  # a line without end
    with pytest.raises(TraceError, match="no line ends|not a trace"):
        open_trace(path)


def test_motion_is_what_the_writers_say():
    acc, gyr = motion(np.arange(0, 12, 0.01))
    assert np.linalg.norm(acc[600:].mean(axis=0)) == pytest.approx(1, abs=0.05)
    assert 20 < np.abs(gyr[600:]).mean() < 60
