"""From Python: the API gives what the commands write, is typed and lazy; its page and examples are as the code is."""

import csv
import inspect
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import formclip as fc
import numpy as np
import pytest
from formclip.ground.errors import LogError, NotInstalled, SettingsError, TraceError
from formclip.ground.metrics import METRIC
from formclip.lab import api
from formclip.lab.simulate import ScenarioError
from formclip.show import cli
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.lab.test_replay import raw_log

REPO = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((REPO / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def made():
    arch = {"kind": "arch", "start_s": 40, "end_s": 60, "tilt_deg": 9}
    return fc.simulate(minutes=1.2, seed=5, stand_s=12, episodes=[arch])


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def same(column, cells, decimals):
    """A column and the cells of a file: empty where it is NaN, else within half of the last digit."""
    assert len(column) == len(cells)
    for value, cell in zip(column.tolist(), cells, strict=True):
        if cell == "":
            assert math.isnan(value)
        else:
            assert abs(value - float(cell)) <= 0.5001 * 10.0**-decimals


@settings(max_examples=6)
@given(
    fields=st.fixed_dictionaries(
        {"minutes": st.sampled_from([0.5, 0.7]), "seed": st.integers(0, 99), "speed_mps": st.floats(2.2, 4.5)},
        optional={"rate_hz": st.sampled_from([100, 156.25, 208]), "gaps_per_hour": st.just(600.0)},
    ),
    changed=st.fixed_dictionaries({}, optional={"warmup_s": st.just(0), "tilt_cue_deg": st.integers(3, 12)}),
)
@example({"minutes": 0.7, "seed": 3, "speed_mps": 3.0, "rate_hz": 208, "gaps_per_hour": 600.0}, {"warmup_s": 0})
def test_a_run_is_what_replay_writes(tmp_path_factory, fields, changed):
    """Columns equal those of steps.csv; cadence, cues, up and summary those of their files; of a trace and its log."""
    folder = tmp_path_factory.mktemp("run")
    made = fc.simulate(**fields)
    trace = made.save(folder / "run")
    (folder / "settings.json").write_text(json.dumps(changed))
    code = cli.run(["replay", str(trace), "--out", str(folder), "--settings", str(folder / "settings.json")])
    assert code == 0
    run = fc.replay(trace, changed)
    steps = table(folder / "steps.csv")
    assert list(run.columns) == list(steps[0]) if steps else len(run) == 0
    for name, column in run.columns.items():
        cells = [row[name] for row in steps]
        if METRIC[name].letters:
            cells = [str(METRIC[name].letters.index(cell)) if cell else "" for cell in cells]
        same(column, cells, METRIC[name].decimals)
    cadence = table(folder / "cadence.csv")
    same(run.cadence_t_s, [row["t_s"] for row in cadence], 0)
    same(run.cadence_spm, [row["cadence_spm"] for row in cadence], 2)
    assert [(f"{c.t_s:.3f}", c.kind, c.reason) for c in run.cues] == [
        (row["t_s"], row["kind"], row["reason"]) for row in table(folder / "cues.csv")
    ]
    up = np.loadtxt(folder / "up.csv", delimiter=",", skiprows=1, ndmin=2)
    assert np.allclose(np.column_stack([run.up_t_s, run.up]), up, atol=6e-5)
    assert json.loads(json.dumps(run.summary)) == json.loads((folder / "summary.json").read_text())
    assert run.log == (folder / "session.fclog").read_bytes()
    # What is in memory replays as its file, and the log gives the same steps again.
    again = fc.replay(made, changed)
    assert all(np.array_equal(again.columns[name], run.columns[name], equal_nan=True) for name in run.columns)
    from_log = fc.replay(folder / "session.fclog")
    for name in run.columns:
        if name != "on_s":
            assert np.array_equal(from_log.columns[name], run.columns[name], equal_nan=True)
    assert [c.kind for c in from_log.cues] == [c.kind for c in run.cues] and from_log.events
    assert len(fc.replay(folder)) == len(run)


@pytest.mark.parametrize(
    ("acc", "gyr", "check", "empty"),
    [
        (1.0, math.radians(1.0), "unit of the gyroscope", "tilt_deg"),
        (1.0, -1.0, "sign of the gyroscope", "tilt_deg"),
        (1.6, 1.0, "scale of the accelerometer", "vo_cm"),
    ],
)
def test_a_doubt_is_heeded_alike_by_all_who_replay(made, tmp_path, acc, gyr, check, empty):
    """The command, the function, and the many at once: the same doubts, the same figures left empty."""
    trace = fc.write_trace(tmp_path / "spoiled.imu.csv", made.t_s, acc * made.acc_g, gyr * made.gyr_dps)
    assert cli.run(["replay", str(trace), "--out", str(tmp_path / "one")]) == 0
    told = json.loads((tmp_path / "one" / "summary.json").read_text())
    run = fc.replay(trace)
    many = fc.replay_many([trace], tmp_path / "many", processes=1)
    assert check in [doubt["check"] for doubt in told["doubts"]] and len(run) > 50
    assert json.loads(json.dumps(run.summary)) == told
    (of_many,) = many.summaries.values()
    assert {key: of_many[key] for key in told} == told
    assert np.isnan(run.columns[empty]).all()
    assert all(row[empty] == "" for row in table(tmp_path / "one" / "steps.csv"))
    assert run.log == (tmp_path / "one" / "session.fclog").read_bytes()


def test_what_is_printed_of_a_run_is_one_line(made, tmp_path):
    run, trace = fc.replay(made), fc.read(made.save(tmp_path / "run"))
    assert (
        repr(run)
        == f"Run(simulated.imu.csv.xz, {len(run)} steps, {run.running_s():.0f} s of running, {len(run.cues)} cues)"
    )
    assert repr(trace) == "Trace(run.imu.csv.xz, 208 Hz, gyroscope)"
    assert repr(made) == f"Simulated(72 s at 208 Hz, {len(made.truth['steps'])} true steps)"


def test_a_table_has_the_columns(made, monkeypatch):
    run = fc.replay(made)
    frame = run.to_frame()
    assert list(frame.columns) == list(run.columns) and len(frame) == len(run) > 100
    assert np.array_equal(frame["vo_cm"], run.columns["vo_cm"], equal_nan=True)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(NotInstalled, match=r'pip install "formclip\[lab\]"'):
        run.to_frame()


def test_own_arrays_become_a_trace(made, tmp_path):
    path = fc.write_trace(tmp_path / "mine.csv.gz", made.t_s, made.acc_g, made.gyr_dps)
    trace = fc.read(path)
    t_s, values = trace.arrays()
    assert isinstance(trace, fc.Trace) and values.shape == (len(made.t_s), 6)
    assert np.allclose(t_s, made.t_s, atol=1e-4) and np.allclose(values[:, :3], made.acc_g, atol=1e-4)
    assert np.allclose(values[:, 3:], made.gyr_dps, atol=1e-3)
    assert np.array_equal(fc.replay(trace).on_s, fc.replay(made).on_s)
    keep = np.ones(len(made.t_s), dtype=bool)
    keep[4000:4050] = False
    lost = fc.read(fc.write_trace(tmp_path / "acc.csv", made.t_s[keep], made.acc_g[keep]))
    t_s, values = lost.arrays()
    assert len(t_s) == len(made.t_s) and lost.lost_samples == 50
    assert np.isnan(values[4000:4050]).all() and np.isnan(values[:, 3:]).all() and np.isfinite(values[4050:, :3]).all()
    for wrong in ((made.t_s, made.acc_g.T), (made.t_s[:-1], made.acc_g), (made.t_s, made.acc_g, made.acc_g[:, :2])):
        with pytest.raises(ValueError, match="must be"):
            fc.write_trace(tmp_path / "no.csv", *wrong)
    assert not (tmp_path / "no.csv").exists()


def test_raw_samples_of_a_log_are_read(made, tmp_path):
    trace = fc.simulate(minutes=1, rate_hz=104, seed=2).save(tmp_path / "run")
    (tmp_path / "raw.fclog").write_bytes(raw_log(trace))
    capture = fc.read(tmp_path / "raw.fclog")
    t_s, values = capture.arrays()
    assert isinstance(capture, fc.Capture) and t_s[0] == 5.0 and len(t_s) == 60 * 104 - 520
    assert np.isnan(values[4498:4524]).all() and np.isnan(values).sum() == 26 * 6
    assert np.nanmax(np.abs(values - fc.read(trace).arrays()[1][520:])) < 0.04  # a half of the last bit
    assert len(fc.replay(capture)) > 100
    (tmp_path / "no.fclog").write_bytes(fc.replay(made).log)
    with pytest.raises(LogError, match="no raw samples"):
        fc.read(tmp_path / "no.fclog")


def test_errors_are_those_of_the_commands(made, tmp_path):
    with pytest.raises(SettingsError, match="tilt_cue_deg"):
        fc.replay(made, {"tilt_cue_deg": 900})
    with pytest.raises(SettingsError, match="did you mean tilt_cue_deg"):
        fc.replay(made, {"tilt_cue": 6})
    (tmp_path / "x.csv").write_text("hello\n")
    with pytest.raises(TraceError) as refused:
        fc.read(tmp_path / "x.csv")
    assert isinstance(refused.value, fc.FormclipError) and refused.value.next_step
    for call in (fc.read, fc.replay, fc.validate):
        with pytest.raises(fc.FormclipError, match="no such file"):
            call(tmp_path / "nowhere")


def test_a_run_is_simulated_as_the_command_does(tmp_path):
    out = str(tmp_path / "theirs")
    assert cli.run(["simulate", "--minutes", "0.5", "--seed", "4", "--speed", "3.3", "-o", out]) == 0
    fc.simulate(minutes=0.5, seed=4, speed_mps=3.3).save(tmp_path / "ours")
    for ending in (".imu.csv.xz", ".truth.json"):
        assert (tmp_path / f"ours{ending}").read_bytes() == (tmp_path / f"theirs{ending}").read_bytes()
    scenario = fc.Scenario(minutes=0.5, speed_mps=3.3)
    assert np.array_equal(fc.simulate(scenario, seed=4).acc_g, fc.simulate({"minutes": 0.5, "speed_mps": 3.3}, 4).acc_g)
    assert fc.simulate("walk", minutes=2).truth["steps"] == []
    for wrong in ({"speed": 3.0}, {"minutes": "x"}, {"scenario": "demo", "kadenz": 3}, {"scenario": "demos"}):
        with pytest.raises(ScenarioError):
            fc.simulate(**wrong)


def test_a_folder_is_validated(made, tmp_path):
    made.save(tmp_path / "one")
    fc.simulate(minutes=0.6, person=2, seed=2).save(tmp_path / "two")
    done = fc.validate(tmp_path)
    assert isinstance(done, fc.Validation) and set(done.scored) == {f"{tmp_path.name}/one", f"{tmp_path.name}/two"}
    found = next(figure for figure in done.figures if figure.key == "steps_found")
    assert found.met and found.values["percent"] > 99
    assert json.loads(json.dumps(done.to_dict()))["traces"].keys() == done.traces.keys()


def test_synced_runs_are_opened(made, tmp_path):
    log = fc.replay(made).log
    store = fc.open_store(tmp_path / "store")
    import binascii

    arriving = store.arriving("anna", 3, binascii.crc32(log), len(log), 1, 0)
    arriving.append(log)
    arriving.finish()
    (stored,) = fc.open_store(tmp_path / "store").sessions()
    assert isinstance(stored, fc.Stored) and stored.label == "anna/3"
    assert len(fc.replay(stored.path)) == len(fc.replay(made))


def test_importing_it_alone_imports_next_to_nothing():
    code = (
        "import sys, formclip; print(*(m for m in sys.modules if m.split('.')[0] in ('numpy', 'gaitcore', 'formclip')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"formclip", "formclip.ground", "formclip.ground.version"}


def test_every_name_is_there_and_typed():
    assert set(fc.__all__) - {"__version__"} == set(api.__all__) and set(dir(fc)) == set(fc.__all__)
    for name in api.__all__:
        assert getattr(fc, name) is getattr(api, name) and inspect.getdoc(getattr(fc, name))
    with pytest.raises(AttributeError, match="no attribute 'replays'"):
        _ = fc.replays
    for function in (fc.read, fc.replay, fc.replay_many, fc.simulate, fc.validate, fc.open_store, fc.write_trace):
        signature = inspect.signature(function)
        assert signature.return_annotation is not signature.empty
        assert all(one.annotation is not one.empty for one in signature.parameters.values())
    assert (Path(fc.__file__).parent / "py.typed").is_file()


@pytest.mark.long  # mypy follows all that the API leads to: 10 s of a core
def test_a_stranger_s_script_is_checked_by_mypy(tmp_path):
    """What the types say to somebody who imports formclip: mistakes are found, and nothing else."""
    (tmp_path / "right.py").write_text(
        "import formclip as fc\nrun: fc.Run = fc.replay('x.csv', {'mode': 'silent'})\n"
        "n: int = len(run)\nt: float = run.cues[0].t_s\nfirst: float = float(run.columns['on_s'][0])\n"
    )
    (tmp_path / "wrong.py").write_text("import formclip as fc\nfc.replay(3)\nfc.replay('x').colums\n")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), "--ignore-missing-imports", "--strict"]
        + [str(tmp_path / "right.py"), str(tmp_path / "wrong.py")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": os.pathsep.join([str(REPO / "host"), str(REPO / "shared")])},
    ).stdout
    assert "right.py" not in found
    assert 'wrong.py:2: error: Argument 1 to "replay"' in found and 'has no attribute "colums"' in found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run_in_an_empty_folder(path, tmp_path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n# %%") >= 3 and "import formclip as fc" in text
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPO / "host"), str(REPO / "shared")])}
    done = subprocess.run([sys.executable, str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) >= 4 and "nan" not in done.stdout
    if path.stem == "sweep":  # a higher limit gives fewer cues, and the one who arches most gets most
        rows = [[int(cell) for cell in line.split()] for line in said[1:]]
        assert all(list(column) == sorted(column, reverse=True) for column in zip(*[row[1:] for row in rows]))
        assert all(row[1:] == sorted(row[1:]) for row in rows) and rows[0][3] > 0 == rows[-1][1]
