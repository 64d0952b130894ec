"""Many recordings: found, replayed in any process, kept, gone on with; and none lost when a process dies."""

import csv
import json
import os
import signal
import subprocess
import sys

import formclip as fc
import numpy as np
import pytest
from formclip.ground.errors import FileError, NotInstalled
from formclip.ground.trace import Given
from formclip.lab.cohort import cluster, recordings_in, replay_many
from formclip.lab.cohort.cohort import FAILURES, TABLE, part_path
from formclip.lab.cohort.local import run_here
from formclip.lab.cohort.work import Outcome, Task, mark_of, work
from formclip.lab.replay import replay_to_folder
from formclip.lab.simulate import Scenario, write
from formclip.show import cli
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pyarrow", reason="pyarrow is not installed: make setup")
COUNT = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Some short runs, one of them below, and a file that is none."""
    path = tmp_path_factory.mktemp("many")
    for i in range(COUNT):
        write(path / ("below" if i == 3 else "") / f"run{i}", Scenario(minutes=0.6, rate_hz=52, person=i + 1), i)
    (path / "notes.csv").write_text("day,what\n1,easy\n2,long\n")
    return path


NAMES = {"run0", "run1", "run2", "below/run3", "run4"}


@pytest.fixture(scope="module")
def done(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return replay_many([folder], out, processes=2)


def bytes_of(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


# -- found ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a.csv", "b.csv.xz", "c/d.zip"], {"a": 1, "b": 1, "c/d": 1}),
        (["p1_acc.csv", "p1_gyro.csv", "p2_acc.csv", "p2_gyro.csv"], {"p1": 2, "p2": 2}),
        (["w/Accelerometer.csv", "w/Gyroscope.csv", "w/Location.csv", "w/meta/device.csv"], {"w": 2}),
        (["w/TotalAcceleration.csv", "w/GyroscopeUncalibrated.csv", "w/Metadata.csv"], {"w": 2}),
        (["M_Accelerometer_100.000Hz_1.5.0.csv", "M_Gyroscope_100.000Hz_1.5.0.csv"], {"M__100.000Hz_1.5.0": 2}),
        (["a.imu.csv.xz", "a.truth.json", "a.import.json", "README.txt", ".hidden.csv", "x.png"], {"a": 1}),
        (["r/session.fclog", "r/steps.csv", "r/up.csv", "r/summary.json"], {"r": 1}),
        (["Run.csv", "run.zip"], {"Run": 1, "run~2": 1}),
        (["Orientation test.csv"], {"Orientation test": 1}),
    ],
)
def test_what_is_a_recording(tmp_path, files, expected):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {one.name: len(one.paths) for one in recordings_in([tmp_path])} == expected


def test_results_inside_the_folder_are_no_recordings(tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("a.csv", "out/failures.csv"):
        (tmp_path / name).touch()
    assert [one.name for one in recordings_in([tmp_path], tmp_path / "out")] == ["a"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "x/", "X/"]),
            st.sampled_from(["a", "A", "a~2", "b"]),
            st.sampled_from([".csv", ".csv.gz", ".zip"]),
        ),
        unique=True,
        min_size=1,
        max_size=12,
    )
)
def test_names_of_results_differ_on_every_file_system(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("names")
    for where, stem, ending in files:
        (folder / where).mkdir(exist_ok=True)
        (folder / f"{where}{stem}{ending}").touch()
    names = [one.name.casefold() for one in recordings_in([folder])]
    assert len(names) == len(set(names)) == len(files)


def test_no_recording_at_all(tmp_path):
    with pytest.raises(FileError, match="no recording in it"):
        recordings_in([tmp_path])
    with pytest.raises(FileError, match="no such file"):
        recordings_in([tmp_path / "nowhere"])


# -- replayed ---------------------------------------------------------------------------------------------------------


def test_each_is_what_a_single_replay_gives(folder, done, tmp_path):
    assert set(done.summaries) == NAMES and list(done.failures) == ["notes"]
    single = replay_to_folder(folder / "run1.imu.csv.xz", tmp_path / "one", bar=False)
    assert done.summaries["run1"] == single.summary() and single.summary()["steps"] > 50
    steps = done.steps("run1")
    for name, values in single.columns.items():
        np.testing.assert_allclose(steps[name], values, rtol=1e-6, err_msg=name)
    assert (done.folder / "logs" / "run1.fclog").read_bytes() == (tmp_path / "one" / "session.fclog").read_bytes()


def test_the_table_has_a_row_for_each(done):
    from pyarrow import parquet

    rows = {row["recording"]: row for row in parquet.read_table(done.folder / TABLE).to_pylist()}
    assert set(rows) == NAMES
    for name, row in rows.items():
        summary = done.summaries[name]
        assert row["steps"] == summary["steps"] and row["mean_cadence_spm"] == summary["mean"]["cadence_spm"]
        assert row["doubts"] == [doubt["words"] for doubt in summary["doubts"]]
        assert row["no_cue"] == summary["no_cue"]


def test_what_could_not_be_read_is_listed_with_its_reason(done):
    (row,) = csv.DictReader((done.folder / FAILURES).read_text().splitlines())
    assert row["recording"] == "notes" and "acceleration" in row["why"] and row["next"]


def test_it_goes_on_where_it_was(folder, done, tmp_path):
    """Some of them first, then all: nothing done twice, and the same bytes as in one go."""
    out = tmp_path / "out"
    first = replay_many(recordings_in([folder])[:2], out, processes=1)
    seen = []
    whole = replay_many([folder], out, processes=1, on_done=seen.append)
    assert whole.kept == len(first.summaries) and seen == list(range(whole.kept + 1, COUNT + 2))
    assert bytes_of(out) == bytes_of(done.folder)
    again = replay_many([folder], out, processes=1)
    assert again.kept == COUNT and again.summaries == done.summaries


def test_other_settings_or_another_file_are_done_anew(folder, tmp_path):
    recording = recordings_in([folder / "run0.imu.csv.xz"])
    out = tmp_path / "out"
    assert replay_many(recording, out).kept == 0
    assert replay_many(recording, out).kept == 1
    assert replay_many(recording, out, {"warmup_s": 60}).kept == 0
    assert replay_many(recording, out, {"warmup_s": 60}, fix=True).kept == 0
    assert replay_many(recording, out, {"warmup_s": 60}, fix=True, files=True).kept == 0
    assert (out / "files" / "run0" / "up.csv").is_file()
    assert replay_many(recording, out, {"warmup_s": 60}, fix=True, files=True).kept == 1
    part = part_path(out, "run0")
    for spoiled in (part.read_bytes()[:-9], b"", b"PAR1"):
        part.write_bytes(spoiled)
        assert replay_many(recording, out, {"warmup_s": 60}, fix=True).kept == 0
    other = tmp_path / "run0.imu.csv.xz"
    other.write_bytes((folder / "run1.imu.csv.xz").read_bytes())
    assert replay_many([other], out, {"warmup_s": 60}, fix=True).kept == 0


def test_without_a_folder_the_results_are_there_as_long_as_they_are_held(folder):
    cohort = fc.replay_many(folder / "run0.imu.csv.xz", processes=1)
    assert cohort.steps("run0")["cadence_spm"].size == cohort.summaries["run0"]["steps"] > 0
    assert cohort.hours == pytest.approx(0.6 / 60, rel=0.05)
    with pytest.raises(fc.FormclipError, match="tilt_cue"):
        fc.replay_many(folder, settings={"tilt_cue_deg": 99})


@given(st.binary(max_size=300), st.sampled_from([".csv", ".zip", ".json", ".csv.xz", ".fclog", ".xlsx", ".csv.gz"]))
def test_whatever_the_bytes_a_task_gives_an_outcome(tmp_path_factory, data, ending):
    path = tmp_path_factory.getbasetemp() / ("any" + ending)
    path.write_bytes(data)
    outcome = work(Task("any", (str(path),), "mark"))
    assert outcome.failed and outcome.next_step and "a fault in formclip" not in outcome.failed


def test_bytes_that_travel_give_what_paths_give(folder):
    (one,) = recordings_in([folder / "run2.imu.csv.xz"])
    task = Task(one.name, (str(one.paths[0]),), mark_of(one, {}, Given(), False, "1"))
    sent = cluster.with_data(task)
    assert sent.data and work(sent).parquet == work(task).parquet
    missing = cluster.with_data(Task("gone", (str(folder / "gone.csv"),), ""))
    assert isinstance(missing, Outcome) and "can't be read" in missing.failed


# -- processes that die -----------------------------------------------------------------------------------------------


def dies_on_two(task):
    """In the place of work: the process that gets recording 2 is killed, as by a machine that is out of memory."""
    if task.name == "2":
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(task.name, summary={"from": os.getpid()})


def test_a_process_that_dies_takes_no_other_recording_along():
    outcomes = {one.name: one for one in run_here([Task(str(i), (), "") for i in range(9)], 2, dies_on_two)}
    assert set(outcomes) == {str(i) for i in range(9)}
    assert [name for name, one in outcomes.items() if one.failed] == ["2"] and "died" in outcomes["2"].failed
    assert os.getpid() not in {one.summary.get("from") for one in outcomes.values()}


class Machines:
    """A scheduler and two workers of Dask, each a process in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []

    def __enter__(self):
        self.start(
            "scheduler", "--port", "0", "--scheduler-file", str(self.folder / "scheduler.json"), "--no-dashboard"
        )
        self.workers = [self.worker() for _ in range(2)]
        return self

    def start(self, kind, *arguments):
        place = self.folder / f"{kind}{len(self.processes)}"
        place.mkdir()
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments]
        with (place / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=place, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def worker(self):
        arguments = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0")
        return self.start("worker", "--scheduler-file", str(self.folder / "scheduler.json"), *arguments)

    @property
    def address(self):
        from distributed import Client

        with Client(scheduler_file=str(self.folder / "scheduler.json"), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            return client.scheduler.address

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


WAITING = """
import os, threading
from formclip.lab.cohort.local import run_here
from formclip.lab.cohort.work import Task

def waits(task):
    print("at work", flush=True)
    threading.Event().wait()

if __name__ == "__main__":
    list(run_here([Task("a", (), "")], 1, waits))
"""


def test_processes_end_with_the_command_that_is_killed(tmp_path):
    """Once they stayed for good, with 180 MB each. Their end is seen by the pipe that all of them write to."""
    (tmp_path / "waiting.py").write_text(WAITING)
    with subprocess.Popen([sys.executable, str(tmp_path / "waiting.py")], stdout=subprocess.PIPE) as command:
        assert command.stdout.readline() == b"at work\n"
        command.kill()
        assert command.stdout.read() == b""


def test_on_machines_of_which_one_dies_nothing_is_lost(folder, done, tmp_path):
    pytest.importorskip("distributed", reason="distributed is not installed: make setup")
    with Machines(tmp_path) as machines:

        def kill_one(count):
            if count == 1:
                machines.workers[0].kill()

        cohort = replay_many([folder], tmp_path / "out", scheduler=machines.address, on_done=kill_one)
        assert machines.workers[0].wait() and machines.workers[1].poll() is None
    assert set(cohort.summaries) == NAMES and list(cohort.failures) == ["notes"]
    assert bytes_of(tmp_path / "out") == bytes_of(done.folder)


def test_no_scheduler_or_no_distributed_is_one_line(folder, tmp_path, monkeypatch, capsys):
    pytest.importorskip("distributed", reason="distributed is not installed: make setup")
    monkeypatch.setattr(cluster, "_WAIT_S", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense", "tcp://127.0.0.1:port"):
        arguments = ["replay", str(folder), "--out", str(tmp_path / "o"), "--scheduler", address]
        assert cli.run(arguments) == 6
        err = capsys.readouterr().err.strip()
        assert err.count("\n") == 0 and address in err and "dask scheduler" in err
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NotInstalled, match="distributed"):
        list(cluster.run_there([], "tcp://127.0.0.1:9"))


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_over_a_folder(folder, tmp_path, capsys):
    arguments = ["replay", str(folder), "--out", str(tmp_path / "out"), "--processes", "1"]
    assert cli.run(arguments) == 3  # one of them is no recording
    out, err = capsys.readouterr()
    assert f"{COUNT} of {COUNT + 1} recordings" in out and "notes" in err and FAILURES in err and err.count("\n") == 1
    assert cli.run([*arguments, "--json"]) == 3
    held = json.loads(capsys.readouterr().out)
    assert held["kept"] == COUNT and set(held["recordings"]) == NAMES


def test_options_for_many_are_refused_for_one(folder, tmp_path, capsys):
    trace = str(folder / "run0.imu.csv.xz")
    assert cli.run(["replay", trace, "--out", str(tmp_path / "o"), "--processes", "2"]) == 2
    assert "folder of many" in capsys.readouterr().err


def test_a_folder_of_one_recording_is_replayed_as_one(tmp_path, capsys):
    from tests.ground import exports

    made = exports.run()
    half = {"Accelerometer.csv": ("x,y,z", made.mps2), "Gyroscope.csv": ("x,y,z", made.rad_s)}
    (tmp_path / "walk").mkdir()
    for name, (axes, values) in half.items():
        text = exports.table(f"seconds_elapsed,{axes}", [made.t_s, *values.T])
        (tmp_path / "walk" / name).write_text(text)
    assert cli.run(["replay", str(tmp_path / "walk"), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "steps.csv").is_file()
