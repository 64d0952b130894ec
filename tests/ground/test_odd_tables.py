"""Shapes that loggers and studies write and no app's name tells: rows by sensor, nested JSON, counts, scars."""

import json

import numpy as np
import pytest
from formclip.ground.trace import Block, Given, Lost, open_trace

from tests.ground.exports import run, table

RUN = run(20.0)
T, ACC, GYR = RUN.t_s, RUN.acc_g, RUN.gyr_dps
OURS = "t_s,acc_x_g,acc_y_g,acc_z_g"


def samples(path, given=None):
    trace = open_trace(path, given)
    blocks = [piece.samples for piece in trace.pieces() if isinstance(piece, Block)]
    return trace, np.concatenate(blocks, axis=1)


def is_the_run(path, gyro=True, given=None):
    trace, x = samples(path, given)
    assert trace.has_gyro is gyro
    near = min(x.shape[1], len(T))
    assert near > len(T) - 3
    np.testing.assert_allclose(x[:3, 5 : near - 5].T, ACC[5 : near - 5], atol=0.01)
    if gyro:
        np.testing.assert_allclose(x[3:, 5 : near - 5].T, GYR[5 : near - 5], atol=1.0)
    return trace


@pytest.mark.parametrize(
    ("head", "acc", "gyr", "separator"),
    [
        ("sensor,time,x,y,z", "ACC", "GYRO", ","),
        ("timestamp;type;v0;v1;v2", "TYPE_ACCELEROMETER", "TYPE_GYROSCOPE", ";"),
    ],
)
def test_rows_that_say_which_sensor_they_are_of(tmp_path, head, acc, gyr, separator):
    place = head.split(separator).index("sensor" if "sensor" in head else "type")
    lines = [head]
    for t, a, g in zip(T, RUN.mps2, RUN.rad_s):
        for name, values in ((acc, a), (gyr, g), ("MAGNETOMETER", (20, 30, 40))):
            cells = ["%.3f" % t, *("%.6f" % v for v in values)]
            cells.insert(place, name)
            lines.append(separator.join(cells))
    (tmp_path / "long.csv").write_text("\n".join(lines) + "\n")
    is_the_run(tmp_path / "long.csv")


@pytest.mark.parametrize("form", ["objects", "lists"])
def test_json_whose_axes_lie_inside(tmp_path, form):
    def vector(values):
        return dict(zip("xyz", values.tolist())) if form == "objects" else values.tolist()

    lines = [
        json.dumps({"time": t, "acc": vector(a), "gyro": vector(g)}) for t, a, g in zip(T.tolist(), RUN.mps2, RUN.rad_s)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    is_the_run(tmp_path / "a.jsonl")
    (tmp_path / "b.json").write_text("[" + ",".join(lines) + "]")
    is_the_run(tmp_path / "b.json")


def test_a_gyroscope_beside_counts_is_taken_for_counts(tmp_path):
    """An MPU-6050 behind an Arduino: 2048 to the g is told by gravity, 16.4 to the deg/s by nothing."""
    columns = [T * 1000, *np.round(ACC.T * 2048), *np.round(GYR.T * 16.4)]
    (tmp_path / "counts.csv").write_text(table("millis,ax,ay,az,gx,gy,gz", columns, form="%d"))
    trace = is_the_run(tmp_path / "counts.csv", gyro=False)
    assert any("raw counts" in note for note in trace.notes) and any("--gyr-unit" in note for note in trace.notes)
    is_the_run(tmp_path / "counts.csv", given=Given(gyr_unit="1/16.4 deg/s"))


def test_of_two_accelerometers_that_of_the_waist_is_taken_and_the_other_named(tmp_path):
    columns = [T, *(3 * ACC.T), *ACC.T]
    names = "t,ankle_acc_x,ankle_acc_y,ankle_acc_z,waist_acc_x,waist_acc_y,waist_acc_z"
    (tmp_path / "two.csv").write_text(table(names, columns))
    trace = is_the_run(tmp_path / "two.csv", gyro=False)
    assert any("ankle_acc_x" in note and "left out" in note for note in trace.notes)


def test_a_clock_of_twelve_hours_has_the_month_first(tmp_path):
    seconds = 7 * 3600 + 59 * 60 + 50 + T
    times = ["5/1/2026 %d:%02d:%06.3f AM" % (s // 3600, s % 3600 // 60, s % 60) for s in seconds]
    (tmp_path / "us.csv").write_text(table("Date/Time,acc_x (g),acc_y (g),acc_z (g)", [times, *ACC.T]))
    trace = is_the_run(tmp_path / "us.csv", gyro=False)
    assert trace.start_s == np.datetime64("2026-05-01T07:59:50").astype("datetime64[s]").astype(float)


@pytest.mark.parametrize("head", [OURS, "Time (s),Acc X (g),Acc Y (g),Acc Z (g)"])
def test_names_that_stand_again_in_the_middle_lose_nothing(tmp_path, head):
    half = len(T) // 2
    first = table(head, [T[:half], *ACC[:half].T])
    (tmp_path / "again.csv").write_text(first + table(head, [T[half:], *ACC[half:].T]))
    trace = is_the_run(tmp_path / "again.csv", gyro=False)
    assert any(f"the first is {half + 2}" in note for note in trace.notes)


@pytest.mark.parametrize("head", [OURS, "Time (s),Acc X (g),Acc Y (g),Acc Z (g)"])
def test_a_block_of_zero_bytes_costs_its_own_rows_alone(tmp_path, head):
    """What a memory card that lost its power holds."""
    text = bytearray(table(head, [T, *ACC.T]).encode())
    text[20_000:22_000] = bytes(2_000)
    (tmp_path / "scar.csv").write_bytes(bytes(text))
    trace = open_trace(tmp_path / "scar.csv")
    pieces = list(trace.pieces())
    lost = sum(piece.n for piece in pieces if isinstance(piece, Lost))
    held = sum(piece.samples.shape[1] for piece in pieces if isinstance(piece, Block))
    assert 40 < lost < 80 and held + lost == len(T)
    assert any("without numbers left out" in note for note in trace.notes)


@pytest.mark.parametrize("order", ["shuffled", "newest first"])
def test_rows_in_any_order_are_sorted_by_their_times(tmp_path, order):
    at = np.random.default_rng(1).permutation(len(T)) if order == "shuffled" else np.arange(len(T))[::-1]
    (tmp_path / "any.csv").write_text(table("t,ax (g),ay (g),az (g)", [T[at], *ACC[at].T]))
    trace = is_the_run(tmp_path / "any.csv", gyro=False)
    assert any("sorted by time" in note for note in trace.notes)


def test_minutes_and_seconds_as_times(tmp_path):
    times = ["%02d:%06.3f" % (t // 60, t % 60) for t in T + 50.0]
    (tmp_path / "mm.csv").write_text(table("Time,ax (g),ay (g),az (g)", [times, *ACC.T]))
    assert is_the_run(tmp_path / "mm.csv", gyro=False).source_rate_hz == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("time", "acc", "gyr"),
    [
        ("Czas (s)", "Przyspieszenie {a} (m/s^2)", "Żyroskop {a} (rad/s)"),
        ("时间 (s)", "加速度 {a} (m/s^2)", "陀螺仪 {a} (rad/s)"),
        ("時間 (s)", "加速度 {a} (m/s^2)", "ジャイロスコープ {a} (rad/s)"),
        ("Время (с)", "Ускорение {a} (м/с²)", "Гироскоп {a} (рад/с)"),
        ("Zaman (s)", "İvme {a} (m/s^2)", "Jiroskop {a} (rad/s)"),
        ("Čas (s)", "Zrychlení {a} (m/s^2)", "Gyroskop {a} (rad/s)"),
    ],
)
def test_names_in_the_recorder_s_own_language(tmp_path, time, acc, gyr):
    head = ";".join([time, *(acc.format(a=a) for a in "xyz"), *(gyr.format(a=a) for a in "xyz")])
    text = table(head, [T, *RUN.mps2.T, *RUN.rad_s.T], separator=";").replace(".", ",")
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    is_the_run(tmp_path / "own.csv")
