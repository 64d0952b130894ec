"""Runs out to other programs: FIT read back by two readers field by field, CSV and Parquet with their units."""

import csv
import io
import json
import math
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import fitdecode
import numpy as np
import pytest
from formclip.ground.metrics import COLUMNS, METRIC
from formclip.ground.run import Cue, Run
from formclip.runs.exchange.fit import CUES, DEVELOPER, CantExport, estimated, personal, to_fit
from formclip.runs.exchange.seconds import per_second
from formclip.runs.exchange.tables import dictionary
from formclip.show import cli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STARTED = datetime(2026, 7, 1, 7, 0, tzinfo=ZoneInfo("Europe/Vienna"))


def make_run(minutes=3.0, cadence=171.0, pauses=(), markers=(), cues=(), first_s=12.3, missing=0.0, seed=1):
    """Steps of a steady runner; `pauses` are (from_s, to_s) of the run's clock."""
    rng = np.random.default_rng(seed)
    on = first_s + np.arange(int(minutes * cadence)) * 60 / cadence
    for begin, end in pauses:
        on = np.where(on > begin, on + (end - begin), on)
    columns = {name: np.full(len(on), np.nan) for name in COLUMNS}
    columns["on_s"], columns["side"] = on, (np.arange(len(on)) % 2).astype(float)
    usual = {
        "cadence_spm": cadence, "contact_ms": 240, "vo_cm": 9, "tilt_deg": 5, "tilt_range_deg": 6,
        "drop_range_deg": 8, "rotation_range_deg": 12, "braking_mps": 0.2, "speed_mps": 3, "sway_cm": 1.2,
        "impact_g": 3,
    }  # fmt: skip
    for name, value in usual.items():
        values = value * (1 + 0.03 * rng.standard_normal(len(on)))
        columns[name] = np.where(rng.random(len(on)) < missing, np.nan, values)
    columns["flags"] = np.zeros(len(on))
    events = [(t, "pause (by itself)") for t, _ in pauses] + [(t, "resume (by itself)") for _, t in pauses]
    events += [(t, "marker number 1") for t in markers]
    return Run("clip/1", columns, tuple(cues), tuple(sorted(events)))


def messages(data, name):
    with fitdecode.FitReader(io.BytesIO(data), error_handling=fitdecode.ErrorHandling.RAISE) as reader:
        return [m for m in reader if isinstance(m, fitdecode.FitDataMessage) and m.name == name]


def value(message, name):
    return message.get_value(name, fallback=None)


def by_garmin(data):
    """Every message, by Garmin's own reader, which also checks the file."""
    sdk = pytest.importorskip("garmin_fit_sdk")
    assert sdk.Decoder(sdk.Stream.from_byte_array(bytearray(data))).check_integrity()
    found, errors = sdk.Decoder(sdk.Stream.from_byte_array(bytearray(data))).read()
    assert not errors
    return found


def near(got, want, tolerance):
    return (
        (got is None or (isinstance(got, float) and math.isnan(got)))
        if math.isnan(want)
        else abs(got - want) <= tolerance
    )


RUNS = {
    "plain": make_run(),
    "two pauses, markers, cues": make_run(
        6.0, pauses=((60.0, 95.5), (150.0, 151.2)), markers=(40.0, 130.0),
        cues=(Cue(30.2, "overstride", "why"), Cue(45.9, "ok", "why"), Cue(140.0, "arch", "why")),
    ),
    "much missing": make_run(2.0, missing=0.7),
    "half a minute": make_run(0.5),
}  # fmt: skip


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_both_readers_find_every_second_as_it_was_written(run):
    data = to_fit(run, STARTED)
    seconds = per_second(run)
    theirs = by_garmin(data)["record_mesgs"]
    ours = messages(data, "record")
    assert len(ours) == len(theirs) == len(seconds.t_s)
    for i, (record, other) in enumerate(zip(ours, theirs)):
        assert value(record, "timestamp").timestamp() == round(STARTED.timestamp() + seconds.t_s[i])
        assert other["timestamp"] == value(record, "timestamp")
        strides = seconds.columns["cadence_spm"][i] / 2
        if math.isfinite(strides):
            assert near(value(record, "cadence") + value(record, "fractional_cadence"), strides, 1 / 128)
            assert other["cadence"] == value(record, "cadence")
        for name, want, step in (
            ("vertical_oscillation", seconds.columns["vo_cm"][i] * 10, 0.1),
            ("stance_time", seconds.columns["contact_ms"][i], 0.1),
            ("stance_time_balance", seconds.balance[i], 0.01),
        ):
            assert near(value(record, name), want, step) and near(other.get(name), want, step), name
        for number, key, name in DEVELOPER:
            want = seconds.columns[key][i]
            name += " (estimate)" if METRIC[key].estimate else ""
            assert near(value(record, name), want, 1e-4 + 1e-6 * abs(want)), name
            assert near(other.get("developer_fields", {}).get(number), want, 1e-4 + 1e-6 * abs(want)), name
        assert value(record, "speed") is None and value(record, "distance") is None, "an estimate is no distance"
    felt = {value(r, "timestamp").timestamp(): value(r, "Cue: 1 quick feet 2 tuck") for r in ours}
    assert {t: c for t, c in felt.items() if c} == {
        round(STARTED.timestamp() + math.ceil(cue.t_s)): CUES[cue.kind] for cue in run.cues
    }


def test_messages_stand_in_the_order_that_programs_want():
    data = to_fit(RUNS["two pauses, markers, cues"], STARTED)
    with fitdecode.FitReader(io.BytesIO(data)) as reader:
        names = [m.name for m in reader if isinstance(m, fitdecode.FitDataMessage)]
    assert names[0] == "file_id" and names[1] == "developer_data_id" and names[-2:] == ["session", "activity"]
    first = names.index("record")
    assert names[first - 1] == "event" and "lap" not in names[: len(names) - 1 - names[::-1].index("record")]
    timer = [value(m, "event_type") for m in messages(data, "event")]
    assert timer == ["start", "stop_all", "start", "stop_all", "start", "stop_all"]
    laps, (session,) = messages(data, "lap"), messages(data, "session")
    assert len(laps) == 3 == value(session, "num_laps") and value(session, "first_lap_index") == 0
    assert [value(lap, "message_index") for lap in laps] == [0, 1, 2]
    whole = value(session, "total_timer_time")
    assert value(session, "total_elapsed_time") - whole == pytest.approx(36.7, abs=0.1)
    assert sum(value(lap, "total_timer_time") for lap in laps) == pytest.approx(whole, abs=len(laps))


def test_the_zone_of_the_run_is_in_the_activity():
    (activity,) = messages(to_fit(RUNS["plain"], STARTED), "activity")
    apart = value(activity, "local_timestamp").replace(tzinfo=None) - value(activity, "timestamp").replace(tzinfo=None)
    assert apart == timedelta(hours=2)


def test_distance_is_there_only_for_who_asks():
    run = RUNS["plain"]
    data = to_fit(run, STARTED, estimated(per_second(run)))
    last, (session,) = messages(data, "record")[-1], messages(data, "session")
    assert value(last, "distance") == pytest.approx(3 * 180, rel=0.02) == value(session, "total_distance")
    assert value(last, "step_length") == pytest.approx(3000 * 60 / 171, rel=0.1)


def test_a_personal_scale_gives_distance_and_a_lap_a_kilometre():
    run = make_run(15.0, markers=(300.0,))
    seconds = per_second(run)
    assert personal(seconds, {"speed_scale_permille": 1000, "mode": 0}) is None and personal(seconds, {}) is None
    data = to_fit(run, STARTED, personal(seconds, {"speed_scale_permille": 1040}))
    laps = [value(lap, "total_distance") for lap in messages(data, "lap")]
    marked = [value(lap, "total_elapsed_time") for lap in messages(data, "lap")]
    assert len(laps) == 4, "two whole kilometres, the marker, and the rest"
    assert laps[0] == pytest.approx(3 * 288, rel=0.03) and laps[0] + laps[1] == pytest.approx(1000, abs=4)
    assert laps[2] == pytest.approx(1000, abs=4)
    assert sum(laps) == pytest.approx(value(messages(data, "session")[0], "total_distance"), abs=0.1)
    assert sum(marked) == pytest.approx(15 * 60, abs=8)
    assert len(by_garmin(data)["lap_mesgs"]) == 4


def test_what_fit_can_not_hold_is_refused():
    with pytest.raises(CantExport, match="no step"):
        to_fit(make_run(0.0), STARTED)
    with pytest.raises(CantExport, match="1990"):
        to_fit(RUNS["plain"], datetime(1985, 1, 1, tzinfo=UTC))


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.floats(0.05, 1.0), st.floats(110, 240), st.floats(0, 5000), st.floats(0, 1), st.integers(0, 99),
    st.lists(st.floats(0, 60), max_size=3), st.lists(st.tuples(st.floats(3, 30), st.floats(10.5, 300)), max_size=2),
)  # fmt: skip
def test_garmins_reader_finds_the_file_of_any_run_whole(minutes, cadence, first_s, missing, seed, markers, pauses):
    breaks = tuple((first_s + at, first_s + at + length) for at, length in pauses)
    run = make_run(minutes, cadence, breaks, [first_s + m for m in markers], (), first_s, missing, seed)
    if len(per_second(run).t_s):
        found = by_garmin(to_fit(run, STARTED))
        stamps = [record["timestamp"] for record in found["record_mesgs"]]
        assert stamps == sorted(set(stamps)) and len(found["session_mesgs"]) == 1


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(repo):
    return repo / "tests" / "data" / "version1.fclog"


def run_cli(capsys, *words):
    code = cli.run([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def test_csv_has_its_units_and_its_dictionary(log, tmp_path, capsys):
    code, out, _ = run_cli(capsys, "export", log, "--csv", "-o", tmp_path, "--store", tmp_path / "s", "--json")
    assert code == 0 and len(json.loads(out)["written"]) == 4
    steps = list(csv.DictReader(open(tmp_path / "version1.steps.csv")))
    minutes = list(csv.DictReader(open(tmp_path / "version1.minutes.csv")))
    told = {row["column"]: row for row in csv.DictReader(open(tmp_path / "columns.csv"))}
    assert len(steps) == 474 == sum(int(row["steps"]) for row in minutes)
    assert set(steps[0]) | set(minutes[0]) <= set(told) and told["contact_ms"]["standing"] == "estimate"
    in_first = [float(r["vo_cm"]) for r in steps if r["vo_cm"] and float(r["on_s"]) < 60]
    assert float(minutes[0]["vo_cm"]) == pytest.approx(np.mean(in_first), abs=0.06)
    assert [row["kind"] for row in csv.DictReader(open(tmp_path / "version1.cues.csv"))] == ["arch", "ok"]


def test_parquet_has_units_in_its_schema(log, tmp_path, capsys):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run_cli(capsys, "export", log, "--parquet", "-o", tmp_path, "--store", tmp_path / "s")[0] == 0
    table = parquet.read_table(tmp_path / "version1.parquet")
    assert table.column_names == list(COLUMNS) and table.num_rows == 474
    known = {name: (unit, standing) for name, unit, _, standing in dictionary()}
    for field in table.schema:
        meta = {key.decode(): text.decode() for key, text in field.metadata.items()}
        assert (meta["unit"], meta["standing"]) == known[field.name] and meta["what"]
    assert set(table["side"].to_pylist()) <= {"L", "R", None}


def test_a_missing_extra_is_told_once_and_ends_with_its_code(log, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, out, err = run_cli(capsys, "export", log, log, "--parquet", "-o", tmp_path, "--store", tmp_path / "s")
    assert (code, out, err.count("\n")) == (8, "", 1) and "formclip[parquet]" in err and "pipx runpip" in err


def test_each_file_is_named_once(log, tmp_path, capsys):
    code, out, _ = run_cli(capsys, "export", log, log, "--csv", "-o", tmp_path, "--store", tmp_path / "s")
    assert code == 0 and len(out.splitlines()) == len(set(out.splitlines())) == 4


def test_a_run_without_a_date_asks_for_it(log, tmp_path, capsys):
    code, _, err = run_cli(capsys, "export", log, "--fit", "-o", tmp_path, "--store", tmp_path / "s")
    assert code == 2 and "--at" in err and err.count("\n") == 1 and not list(tmp_path.glob("*.fit"))
    code, out, _ = run_cli(
        capsys, "export", log, "--fit", "-o", tmp_path, "--store", tmp_path / "s", "--at", "2026-07-01 07:00"
    )
    assert code == 0 and (tmp_path / "version1.fit").read_bytes()[8:12] == b".FIT"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("x",), "--fit, --csv"),
        (("--fit",), "name a run"),
        (("nothing", "--csv"), "no file 'nothing', and in the store"),
        (("x", "--csv", "--estimate"), "goes with --fit"),
    ],
)
def test_wrong_use_is_one_line(words, what, tmp_path, capsys):
    code, _, err = run_cli(capsys, "export", *words, "--store", tmp_path)
    assert code == 2 and what in err and err.count("\n") == 1
