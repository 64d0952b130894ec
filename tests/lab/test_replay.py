"""Replay: the contract's files, the clip's log read back, any splitting, any bytes as a log or as settings."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from formclip.ground import log as logfile
from formclip.ground.again import same_cues
from formclip.ground.columns import load_run
from formclip.ground.errors import FormclipError, LogError, SettingsError
from formclip.ground.settingsfile import read_settings
from formclip.ground.text import clock
from formclip.ground.trace import Block, Capture, Lost, open_trace, write_trace
from formclip.lab.doubts import Correction, Mended
from formclip.lab.replay import describe, replay_log, replay_to_folder, replay_trace
from formclip.lab.simulate import Episode, Scenario, Segment, Slip, write
from gaitcore import records
from gaitcore.pages import PAGE_B, LogWriter, RawWriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

CONTRACT = (
    "on_s,contact_ms,flight_ms,side,cadence_spm,tilt_deg,tilt_range_deg,drop_range_deg,rotation_range_deg,"
    "vo_cm,braking_mps,speed_mps"
)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(table, name):
    return np.array([float(row[name]) if row[name] else math.nan for row in table])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A minute and a half: standing, running, a stop, running again."""
    folder = tmp_path_factory.mktemp("run")
    scenario = Scenario(
        minutes=1.5,
        rate_hz=104,
        segments=(Segment(start_s=45.0, end_s=60.0, activity="standing"),),
        gyro_bias_dps=(2.0, -1.0, 0.5),
        person=3,
    )
    path, _, truth = write(folder / "run", scenario, 3)
    replay_to_folder(path, folder / "out", bar=False)
    return path, folder / "out", truth


@pytest.fixture(scope="module")
def cued(tmp_path_factory):
    """Five minutes with an arched back, with a warm-up short enough to be cued for it."""
    folder = tmp_path_factory.mktemp("cued")
    episode = Episode(kind="arch", start_s=200.0, end_s=230.0, tilt_deg=9.0)
    path, _, _ = write(folder / "run", Scenario(minutes=5.0, rate_hz=104, episodes=(episode,)), 5)
    replay_to_folder(path, folder / "out", {"warmup_s": 60}, bar=False)
    return path, folder / "out"


def test_files_of_the_contract(run):
    _, out, truth = run
    steps = (out / "steps.csv").read_text().splitlines()
    assert steps[0].startswith(CONTRACT)
    assert (out / "cadence.csv").read_text().startswith("t_s,cadence_spm\n")
    assert (out / "cues.csv").read_text().startswith("t_s,kind,reason\n")
    assert (out / "up.csv").read_text().startswith("t_s,x,y,z\n")
    table = rows(out / "steps.csv")
    assert abs(len(table) - len(truth["steps"])) <= 2
    on_s = column(table, "on_s")
    assert np.all(np.diff(on_s) > 0.2)
    assert {row["side"] for row in table} <= {"L", "R", ""}
    assert abs(np.nanmean(column(table, "cadence_spm")) - truth["cadence_spm"]) < 1.5
    flight = column(table, "flight_ms")
    contact = column(table, "contact_ms")
    both = np.isfinite(flight[:-1]) & np.isfinite(contact[:-1])
    assert both.sum() > 50
    np.testing.assert_allclose(
        contact[:-1][both] + flight[:-1][both], 1000 * np.diff(on_s)[both], atol=2.1
    )  # on_s is written to the millisecond
    # the step before the stop has no flight: the next contact is not the next step's
    assert math.isnan(flight[np.argmax(np.diff(on_s))])


def test_cadence_is_once_a_second_and_empty_at_rest(run):
    _, out, truth = run
    table = rows(out / "cadence.csv")
    t_s, spm = column(table, "t_s"), column(table, "cadence_spm")
    np.testing.assert_array_equal(t_s, np.arange(len(t_s)))
    assert len(t_s) in (90, 91)
    assert np.isnan(spm[:12]).all() and np.isnan(spm[52:61]).all()
    known = spm[(t_s > 18) & (t_s < 45)]
    assert np.isfinite(known).all() and np.max(np.abs(known - truth["cadence_spm"])) < 6


def test_up_is_dense_and_of_length_one(run):
    _, out, _ = run
    table = np.loadtxt(out / "up.csv", delimiter=",", skiprows=1)
    assert np.max(np.diff(table[:, 0])) < 1 / 25 and np.min(np.diff(table[:, 0])) > 0
    np.testing.assert_allclose(np.linalg.norm(table[:, 1:], axis=1), 1, atol=2e-3)


def test_summary_speaks_of_the_run(run):
    path, out, _ = run
    summary = json.loads((out / "summary.json").read_text())
    assert summary["trace"] == path.name and summary["rate_hz"] == 104
    assert summary["seconds"] == pytest.approx(90, abs=0.1)
    assert summary["bouts"] == 2 and summary["cues_same_when_decided_again"] is True
    assert summary["steps"] == len(rows(out / "steps.csv"))
    assert any("steps" in line for line in describe(summary))


def test_the_mean_tilt_leaves_out_what_came_after_a_slip(tmp_path):
    slip = Slip(at_s=100.0, rotation_deg=(0.0, 0.0, 15.0))
    path, _, truth = write(tmp_path / "run", Scenario(minutes=3.0, rate_hz=104, slips=(slip,)), 5)
    replay_to_folder(path, tmp_path / "out", bar=False)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    table = rows(tmp_path / "out" / "steps.csv")
    flags, tilt = column(table, "flags").astype(int), column(table, "tilt_deg")
    true = np.mean([s["tilt_deg"] for s in truth["steps"] if s["on_s"] < 100]) - truth["standing_tilt_deg"]
    assert summary["slipped_steps"] == np.sum(flags & 16 != 0) > 50
    assert abs(summary["mean"]["tilt_deg"] - true) < 2 < abs(np.nanmean(tilt) - true)


def test_the_log_gives_the_same_steps_and_cues(cued, tmp_path):
    _, out = cued
    cues = rows(out / "cues.csv")
    assert any(cue["kind"] == "arch" for cue in cues)
    for source in (out / logfile.LOG_NAME, out):
        replay_to_folder(logfile.find_log(source), tmp_path, bar=False)
        assert (tmp_path / "steps.csv").read_bytes() == (out / "steps.csv").read_bytes()
        assert (tmp_path / "cues.csv").read_bytes() == (out / "cues.csv").read_bytes()
        assert (tmp_path / logfile.LOG_NAME).read_bytes() == (out / logfile.LOG_NAME).read_bytes()
    run = load_run(out)
    assert len(run) == len(rows(out / "steps.csv")) and [c.kind for c in run.cues] == [c["kind"] for c in cues]


def test_cues_come_again_from_the_log_alone(cued):
    log = logfile.read_log(cued[1] / logfile.LOG_NAME)
    assert same_cues(log)
    # and the check can fail: a changed step changes a cue
    for at, (tag, t_ms, fields) in enumerate(log.entries):
        if tag == records.STEP and t_ms > 195_000:
            fields = list(fields)
            fields[records.TILT] = 0
            log.entries[at] = (tag, t_ms, fields)
    assert not same_cues(log)


def test_other_settings_on_a_log_give_other_cues(cued):
    log = cued[1] / logfile.LOG_NAME
    assert [c.kind for c in replay_log(log, {"cue_arch": 0}).cues] == []
    assert any(c.kind == "arch" for c in replay_log(log, {"warmup_s": 60}).cues)


def test_times_are_those_of_the_trace(run, tmp_path):
    path, out, _ = run
    text = [np.asarray(p.samples) for p in open_trace(path).pieces() if isinstance(p, Block)]
    write_trace(tmp_path / "late.csv", 104, text, start_s=1000.5)
    replayed = replay_to_folder(tmp_path / "late.csv", tmp_path / "out", bar=False)
    on_s = column(rows(out / "steps.csv"), "on_s")
    np.testing.assert_allclose(replayed.columns["on_s"], on_s + 1000.5, atol=2e-3)
    run_again = load_run(tmp_path / "out")
    np.testing.assert_allclose(run_again.on_s, replayed.columns["on_s"], atol=2e-3)
    assert replayed.cadence_t_s[0] == 1001


class Pieces:
    """A trace cut into other blocks."""

    def __init__(self, trace, cuts):
        self._trace = trace
        self._cuts = cuts

    def __getattr__(self, name):
        return getattr(self._trace, name)

    def pieces(self, on_progress=None):
        for piece in self._trace.pieces():
            if not isinstance(piece, Block):
                yield piece
                continue
            ends = [c for c in self._cuts if piece.index < c < piece.index + piece.samples.shape[1]]
            edges = [piece.index, *sorted(ends), piece.index + piece.samples.shape[1]]
            for a, b in zip(edges, edges[1:]):
                yield Block(a, piece.samples[:, a - piece.index : b - piece.index])


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(0, 3600), max_size=40, unique=True))
def test_any_splitting_gives_the_same_log(short, tmp_path_factory, cuts):
    path, whole = short
    log = tmp_path_factory.getbasetemp() / "split.fclog"
    replay_trace(Pieces(open_trace(path), cuts), log)
    assert log.read_bytes() == whole


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short")
    path, _, _ = write(folder / "run", Scenario(minutes=0.6, rate_hz=100, stand_s=11.0), 8)
    replay_trace(open_trace(path), folder / "whole.fclog")
    return path, (folder / "whole.fclog").read_bytes()


@settings(max_examples=60)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6), st.integers(1, 416))
def test_raw_pages_with_any_indices_take_no_more_than_their_size(indices, rate_hz):
    """12 kB whose pages lie near 2^32 are no 250 days: what is a day further on is left out and told."""
    frames = bytes(12 * 50)
    capture = Capture(Path("x.fclog"), [(index, frames) for index in indices], rate_hz)
    for _ in range(2):  # the same again
        pieces = list(capture.pieces())
        lost = sum(piece.n for piece in pieces if isinstance(piece, Lost))
        assert lost <= len(indices) * 86400 * rate_hz and capture.samples <= lost + 50 * len(indices)
        left_out = sum(index - min(indices) > len(indices) * 86400 * rate_hz for index in indices)
        assert capture.far_pages >= left_out and (not capture.far_pages or "pages left out" in capture.notes[-1])


def test_a_trace_longer_than_a_clock_can_count_is_refused(tmp_path):
    path = tmp_path / "weeks.imu.csv"
    rows = []
    for day in range(30):
        for n in range(200):
            rows.append(f"{day * 86300 + n * 0.01:.2f},0.01,1,0.02,1,2,3")
    path.write_text("t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_dps,gyr_y_dps,gyr_z_dps\n" + "\n".join(rows) + "\n")
    with pytest.raises(FormclipError, match="longer than 24 days"):
        replay_to_folder(path, tmp_path / "out", bar=False)
    assert not (tmp_path / "out").exists()


def raw_log(path):
    """The log of a clip in capture mode: its raw pages hold this trace from 5 s on, but for one block."""
    pages_of = {}

    def sink(number, page, complete):
        if complete:
            pages_of[number] = bytes(page)

    writer = LogWriter(sink, session=7, boot=1)
    raw = RawWriter(writer)
    writer.event(records.START, 0, (1, 104, 1, 0, 0), b"")
    for piece in open_trace(path).pieces():
        for start in range(0, piece.samples.shape[1], 26):
            block = piece.samples[:, start : start + 26]
            index = piece.index + start
            if index >= 520 and not 5000 <= index < 5026:
                lsb = np.round(block / np.array([[0.000488]] * 3 + [[0.035]] * 3)).astype("<i2")
                assert raw.push(index, lsb.T.tobytes())
    raw.close()
    writer.close()
    return b"".join(pages_of.get(n, b"\xff" * PAGE_B) for n in range(max(pages_of) + 1))


def test_raw_samples_of_a_log_are_replayed_as_a_trace(run, tmp_path):
    """A log with raw pages, as the clip in capture mode writes it, against the trace that it came from."""
    path, out, _ = run
    (tmp_path / "raw.fclog").write_bytes(raw_log(path))
    replayed = replay_to_folder(tmp_path / "raw.fclog", tmp_path / "out", bar=False, raw=True)
    whole = column(rows(out / "steps.csv"), "on_s")
    ours = replayed.columns["on_s"]
    assert replayed.start_s == pytest.approx(5.0) and replayed.facts["lost_samples"] == 26
    apart = np.abs(ours[:, None] - whole[None, :]).min(axis=1)
    assert abs(len(ours) - len(whole)) <= 2 and np.median(apart) < 0.006
    with pytest.raises(LogError, match="no raw samples"):
        replay_to_folder(out / logfile.LOG_NAME, tmp_path / "no", bar=False, raw=True)


def test_an_error_on_the_way_leaves_nothing_half_written(tmp_path):
    """The bad cell stands behind the first megabyte, when results have already been begun."""
    t_s = np.arange(104 * 400) / 104
    write_trace(tmp_path / "run.csv", 104, [np.tile([[0.0], [1.0], [0.0], [0.1], [0.2], [0.3]], len(t_s))])
    assert (tmp_path / "run.csv").stat().st_size > 1_500_000
    with (tmp_path / "run.csv").open("a") as file:
        file.write("401.0,0,1,zero,0,0,0\n" + "402.0,0,1,0,0,0,0\n")
    with pytest.raises(FormclipError, match="acc_z_g is 'zero'"):
        replay_to_folder(tmp_path / "run.csv", tmp_path / "new", bar=False)
    assert not (tmp_path / "new").exists()
    kept = tmp_path / "old"
    kept.mkdir()
    (kept / "steps.csv").write_text("as it was")
    with pytest.raises(FormclipError):
        replay_to_folder(tmp_path / "run.csv", kept, bar=False)
    assert [path.name for path in kept.iterdir()] == ["steps.csv"] and (kept / "steps.csv").read_text() == "as it was"


def test_no_running_gives_no_steps_and_a_log_that_says_so(tmp_path):
    still = np.zeros((6, 3000))
    still[1] = 1.0
    still += np.random.default_rng(0).normal(0, 0.002, still.shape)
    write_trace(tmp_path / "still.csv", 100, [still])
    replayed = replay_to_folder(tmp_path / "still.csv", tmp_path / "out", bar=False)
    assert not len(replayed.columns["on_s"]) and np.isnan(replayed.cadence_spm).all()
    np.testing.assert_array_equal(replayed.cadence_t_s, np.arange(31))
    assert rows(tmp_path / "out" / "steps.csv") == []
    again = replay_log(tmp_path / "out" / logfile.LOG_NAME)
    assert again.log.closed and not len(again.columns["on_s"])
    assert "no running" in "\n".join(describe(replayed.summary()))


def test_without_a_gyroscope_what_needs_it_is_empty(run, tmp_path):
    blocks = [p.samples for p in open_trace(run[0]).pieces() if isinstance(p, Block)]
    write_trace(tmp_path / "acc.csv.gz", 104, blocks, has_gyro=False)
    replay_to_folder(tmp_path / "acc.csv.gz", tmp_path / "out", bar=False)
    table = rows(tmp_path / "out" / "steps.csv")
    assert len(table) > 150
    for name in ("tilt_deg", "tilt_range_deg", "drop_range_deg", "rotation_range_deg"):
        assert np.isnan(column(table, name)).all()
    assert np.isfinite(column(table, "contact_ms")).mean() > 0.9
    assert rows(tmp_path / "out" / "up.csv") == []


def spoiled(run, path, spoil):
    """The run's trace with its samples changed."""
    blocks = [p.samples.astype(np.float64) for p in open_trace(run[0]).pieces() if isinstance(p, Block)]
    write_trace(path, 104, [spoil(block) for block in blocks])
    return path


def test_a_gyroscope_in_rad_per_s_is_doubted_and_left_out(run, tmp_path):
    path = spoiled(run, tmp_path / "rad.csv", lambda x: np.concatenate((x[:3], x[3:] / 57.3)))
    replay_to_folder(path, tmp_path / "out", bar=False)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [doubt["check"] for doubt in summary["doubts"]] == ["unit of the gyroscope"]
    assert "rad/s" in summary["doubts"][0]["words"] and summary["doubts"][0]["fixable"]
    assert summary["mean"]["tilt_deg"] is None and summary["has_gyro"] is False and summary["steps"] > 50
    assert any("left out" in note and "rad/s" in note for note in summary["notes"])
    assert any(line.startswith("doubt: the gyroscope reads") for line in describe(summary))
    clean = json.loads((run[1] / "summary.json").read_text())
    assert clean["doubts"] == [] and clean["left_empty"] == {} and clean["mean"]["tilt_deg"] is not None


def test_what_a_check_can_correct_is_corrected_when_asked(run, tmp_path):
    path = spoiled(run, tmp_path / "wrong.csv", lambda x: np.concatenate((x[:3] * 1.5, x[3:] / 57.3)))
    replayed = replay_to_folder(path, tmp_path / "out", bar=False, fix=True)
    clean = json.loads((run[1] / "summary.json").read_text())
    found = replayed.summary()
    assert found["doubts"] == [] and sum("corrected, as asked" in note for note in found["notes"]) == 2
    assert found["steps"] == clean["steps"]
    assert found["mean"]["tilt_deg"] == pytest.approx(clean["mean"]["tilt_deg"], abs=0.3)
    assert found["mean"]["vo_cm"] == pytest.approx(clean["mean"]["vo_cm"], abs=0.3)


def test_a_shift_of_the_gyroscope_is_taken_back(run):
    trace = open_trace(run[0])
    plain = np.concatenate([p.samples for p in trace.pieces() if isinstance(p, Block)], axis=1)
    for shift in (-0.3, 0.2):
        n = round(shift * 104)
        pieces = [p for p in Mended(trace, Correction(shift_s=shift)).pieces() if isinstance(p, Block)]
        assert all(a.index + a.samples.shape[1] == b.index for a, b in zip(pieces, pieces[1:]))
        moved = np.concatenate([p.samples for p in pieces], axis=1)
        np.testing.assert_array_equal(moved[:3], plain[:3])
        inside = slice(200, -200)
        np.testing.assert_array_equal(moved[3:, inside], np.roll(plain[3:], n, axis=1)[:, inside])


def test_up_goes_on_after_the_chain_has_counted_anew(tmp_path):
    rest = np.zeros((6, 400 * 52)) + [[0], [1], [0.1], [0], [0], [0]]
    rest += np.random.default_rng(1).normal(0, 0.002, rest.shape)
    write_trace(tmp_path / "rest.csv", 52, [rest])
    replay_to_folder(tmp_path / "rest.csv", tmp_path / "out", bar=False)
    t_s = np.array([float(row["t_s"]) for row in rows(tmp_path / "out" / "up.csv")])
    assert t_s[-1] > 399 and np.ptp(np.diff(t_s)) < 1e-3


@pytest.mark.parametrize("rows_", [(0, 1, None), (0, 1, 0)])
def test_tilt_is_empty_where_an_axis_of_acceleration_is_dead_or_doubled(run, tmp_path, rows_):
    def spoil(x):
        acc = [x[row] if row is not None else np.zeros(x.shape[1]) for row in rows_]
        return np.concatenate((acc, x[3:]))

    summary = replay_to_folder(spoiled(run, tmp_path / "axis.csv", spoil), tmp_path / "out", bar=False).summary()
    assert [doubt["check"][-5:] for doubt in summary["doubts"]] == [" axis"] and summary["steps"] > 50
    assert summary["mean"]["tilt_deg"] is None and summary["mean"]["vo_cm"] is None


def test_a_scale_that_is_off_leaves_metres_empty(run, tmp_path):
    path = spoiled(run, tmp_path / "scale.csv", lambda x: np.concatenate((x[:3] * 1.3, x[3:])))
    replay_to_folder(path, tmp_path / "out", bar=False)
    table = rows(tmp_path / "out" / "steps.csv")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert all(row["vo_cm"] == "" and row["contact_ms"] == "" for row in table) and table[40]["cadence_spm"]
    assert summary["left_empty"]["vo_cm"] == "scale of the accelerometer" and summary["mean"]["vo_cm"] is None
    loaded = load_run(tmp_path / "out")  # what the report is made of
    assert np.isnan(loaded.column("vo_cm")).all() and loaded.summary["doubts"] == summary["doubts"]


def test_steps_of_a_sensor_whose_range_ends_are_flagged_and_what_is_wrong_then_is_empty(run, tmp_path):
    path = spoiled(run, tmp_path / "range.csv", lambda x: np.concatenate((np.clip(x[:3], -2, 2), x[3:])))
    replayed = replay_to_folder(path, tmp_path / "out", bar=False)
    flags = replayed.columns["flags"].astype(int)
    assert np.mean(flags & 2 != 0) > 0.9
    assert [doubt.check for doubt in replayed.doubts] == ["range of the accelerometer"]
    means = replayed.summary()["mean"]
    assert means["tilt_deg"] is None and means["vo_cm"] is None and means["cadence_spm"] is not None


@pytest.mark.parametrize(
    ("seconds", "make", "words"),
    [
        (3, lambda t: np.stack([0 * t, 1 + np.cos(17 * t), 0 * t]), "too short: 3 s"),
        (60, lambda t: np.stack([0 * t, 1 + 0 * t, 0 * t]), "stood still"),
        (
            60,
            lambda t: np.stack([0.05 * np.sin(6 * t), 1 + 0.25 * np.cos(12 * t), 0.02 * np.cos(6 * t)]),
            "like walking: 11",
        ),
        (60, lambda t: np.random.default_rng(1).normal(0, 0.3, (3, len(t))) + [[0], [1], [0]], "no steady rhythm"),
    ],
)
def test_no_running_always_says_why(tmp_path, seconds, make, words):
    t_s = np.arange(seconds * 104) / 104
    acc = make(t_s) + np.random.default_rng(2).normal(0, 0.003, (3, len(t_s)))
    write_trace(tmp_path / "a.csv", 104, [acc], has_gyro=False)
    summary = replay_to_folder(tmp_path / "a.csv", tmp_path / "out", bar=False).summary()
    assert summary["steps"] == 0 and words in summary["no_running"]
    assert any(line.startswith("no running in it: ") and words in line for line in describe(summary))
    again = replay_log(tmp_path / "out" / logfile.LOG_NAME).summary()
    assert again["no_running"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"warmup_s": 600}, "too short"),
        ({"warmup_s": 60, "mode": "silent"}, "record only"),
        ({"warmup_s": 60, "cue_arch": 0, "cue_overstride": 0}, "switched off"),
        ({"warmup_s": 60, "baseline_s": 600}, "no baseline"),
    ],
)
def test_why_no_cue_could_come(cued, tmp_path, changed, words):
    summary = replay_to_folder(cued[0], tmp_path / "out", changed, bar=False).summary()
    assert words in summary["no_cue"]
    assert any(line.startswith("cues: none could come: ") and words in line for line in describe(summary))
    assert words in load_run(tmp_path / "out").summary["no_cue"]


def test_cue_times_are_of_one_clock(cued):
    summary = json.loads((cued[1] / "summary.json").read_text())
    times = {row["kind"]: float(row["t_s"]) for row in reversed(rows(cued[1] / "cues.csv"))}
    assert {kind: held[0] for kind, held in summary["cue_t_s"].items()} == times
    lines = describe(summary)
    assert any(line.startswith("cues: ") and line.endswith("; in the recording:") for line in lines)
    assert any(line.startswith(f"  arch at {clock(times['arch'])}") for line in lines)
    many = summary | {"cues": {"arch": 30}, "cue_t_s": {"arch": [60.0 * i for i in range(30)]}}
    assert max(map(len, describe(many))) <= 120 and any("and 22 more in cues.csv" in line for line in describe(many))
    assert summary["no_cue"] is None


# -- any bytes --------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 3 * PAGE_B), st.integers(0, 400))
@example(b"", 0, 0)
@example(b"FCL1", 0, 400)
def test_any_bytes_as_a_log_give_a_log_or_one_line(short, tmp_path_factory, put, at, cut):
    path = tmp_path_factory.getbasetemp() / "any.fclog"
    for data in (put, b"FCL1" + put, short[1][:at] + put + short[1][at + cut :]):
        path.write_bytes(data)
        try:
            replayed = replay_log(path)
            replayed.summary()
            assert len(replayed.columns["on_s"]) >= 0
        except LogError as error:
            line = str(error)
            assert "any.fclog" in line and "byte" in line and error.next_step and line.isprintable()


def test_a_damaged_page_costs_that_page_and_says_so(cued, tmp_path):
    whole = (cued[1] / logfile.LOG_NAME).read_bytes()
    assert len(whole) > 2 * PAGE_B
    (tmp_path / "a.fclog").write_bytes(whole[:PAGE_B] + bytes(PAGE_B // 2) + whole[PAGE_B + PAGE_B // 2 :])
    replayed = replay_log(tmp_path / "a.fclog")
    lost = len(replay_log(cued[1] / logfile.LOG_NAME).columns["on_s"]) - len(replayed.columns["on_s"])
    assert 0 < lost < 300
    assert any(f"byte {PAGE_B}" in note for note in replayed.summary()["notes"])


SETTINGS_BAD = {
    "sustain_s = 99": ("sustain_s", "2 to 30"),
    "sustian_s = 5": ("sustian_s", "sustain_s"),
    "sustain_s = 5.5": ("sustain_s", "whole number"),
    "sustain_s = ": ("TOML", "line 1"),
    '{"mode": "loud"}': ("mode", "coach"),
    '{"mode": ': ("JSON", "line 1"),
    "formclip = 3": ("table", "[formclip]"),
    "sustain_s = " + "9" * 5000: ("TOML", "digits"),
    '{"sustain_s": ' + "9" * 5000 + "}": ("JSON", "line 1"),
}


@pytest.mark.parametrize("text", SETTINGS_BAD, ids=[text[:20] for text in SETTINGS_BAD])
def test_bad_settings_name_the_setting_and_its_range(tmp_path, text):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    line = str(caught.value)
    for words in ("settings.toml", *SETTINGS_BAD[text]):
        assert words in line
    assert "\n" not in line


def test_good_settings_of_both_forms(tmp_path):
    (tmp_path / "a.toml").write_text('# mine\n[formclip]\nsustain_s = 4\nmode = "silent"\n')
    (tmp_path / "a.json").write_text('{"sustain_s": 4, "mode": "silent"}')
    assert (
        read_settings(tmp_path / "a.toml") == read_settings(tmp_path / "a.json") == {"sustain_s": 4, "mode": "silent"}
    )


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda s: s.encode("utf-8", "surrogatepass"))))
@example(b"{" * 5000)
@example(b"a = " + b"[" * 5000)
def test_any_bytes_as_settings_give_settings_or_one_line(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    try:
        assert isinstance(read_settings(path), dict)
    except FormclipError as error:
        line = str(error)
        assert "any.toml" in line and error.next_step and line.isprintable()


# -- recorded traces --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["alcantara/alcantara_01", "sisfall/D03_SA01_R01", "mobgap/HA_001_TimeMeasure1_Test5_Trial1"]
)
def test_every_kind_of_recorded_trace(traces, tmp_path, name):
    replayed = replay_to_folder(traces / f"{name}.imu.csv.xz", tmp_path, bar=False)
    truth = json.loads((traces / f"{name}.truth.json").read_text())
    steps = len(replayed.columns["on_s"])
    assert steps == 0 if truth.get("running") is False else steps > 10
    if not open_trace(traces / f"{name}.imu.csv.xz").has_gyro:
        assert np.isnan(replayed.columns["tilt_deg"]).all()


@pytest.mark.parametrize(("speed", "person"), [(2.5, 0), (3.5, 2), (4.5, 5)])
def test_lateral_sway_is_that_of_the_simulated_waist(speed, person, tmp_path):
    """Step by step. The small bias is forward motion, seen through a forward axis that is a few degrees off."""
    trace, _, truth = write(tmp_path / "a", Scenario(minutes=1.5, speed_mps=speed, person=person), 3)
    columns = replay_to_folder(trace, tmp_path / "out", bar=False).columns
    on = np.array([s["on_s"] for s in truth["steps"]])
    true = np.array([s["sway_cm"] for s in truth["steps"]])
    known = np.isfinite(columns["sway_cm"]) & (columns["on_s"] > 30)
    nearest = np.abs(on[:, None] - columns["on_s"][known]).argmin(axis=0)
    error = columns["sway_cm"][known] - true[nearest]
    assert known.sum() > 30 and abs(error.mean()) < 0.25 and error.std() < 0.3
