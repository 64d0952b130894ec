"""`formclip import`: what a person is shown, what is written, what is refused; and replay of the same files."""

import json

import numpy as np
import pytest
from formclip.ground.trace import Block, open_trace
from formclip.show import cli

from tests.ground.exports import EXPORTS, motion, phyphox_acc, phyphox_gyr, run, table, written


def formclip(capsys, *arguments):
    code = cli.run([str(a) for a in arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def samples_of(path):
    trace = open_trace(path)
    return np.concatenate([p.samples for p in trace.pieces() if isinstance(p, Block)], axis=1), trace


@pytest.fixture
def phyphox(tmp_path):
    return EXPORTS["phyphox, zip"].write(tmp_path, run())


def test_the_preview_says_what_was_understood(phyphox, tmp_path, capsys):
    code, out, _ = formclip(capsys, "import", phyphox, "--look")
    assert code == 0 and not list(tmp_path.glob("*.imu.csv.xz"))
    lines = out.splitlines()
    assert lines[0] == f"{phyphox.name}: phyphox, certain"
    for words in (
        '"Time (s)" (s)',
        '"Acceleration x (m/s^2)", "Acceleration y (m/s^2)", "Acceleration z (m/s^2)" (m/s2) of Accelerometer.csv -> g',
        '"Gyroscope x (rad/s)"',
        "100 Hz, even; 0:30",
        "1.00 g along +y",
        "deg/s on average",
    ):
        assert words in out
    picture = next(line for line in lines if "█" in line)
    assert 70 <= len(picture.strip()) <= 80 and len(set(picture.strip())) >= 4


def test_what_is_imported_is_the_recording(phyphox, tmp_path, capsys):
    code, out, _ = formclip(capsys, "import", phyphox, "-o", tmp_path / "out")
    assert code == 0
    made = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert made == ["walk 2026-01-02 10-11-12.import.json", "walk 2026-01-02 10-11-12.imu.csv.xz"]
    ours, trace = samples_of(tmp_path / "out" / made[1])
    direct, _ = samples_of(phyphox)
    assert trace.plan.source == "a formclip trace" and trace.has_gyro
    np.testing.assert_allclose(ours, direct, atol=1e-4)
    side = json.loads((tmp_path / "out" / made[0]).read_text())
    assert side["from"] == [phyphox.name] and side["source"] == "phyphox" and side["sure"] == "certain"
    assert side["acc"]["unit"] == "m/s2" and side["acc"]["file"] == "Accelerometer.csv" and side["said"] == {}


def test_it_can_be_done_again_but_takes_nothing_that_was_not_imported(phyphox, tmp_path, capsys):
    out = tmp_path / "out"
    assert formclip(capsys, "import", phyphox, "-o", out)[0] == 0
    first = {p.name: p.read_bytes() for p in out.iterdir()}
    assert formclip(capsys, "import", phyphox, "-o", out)[0] == 0
    assert {p.name: p.read_bytes() for p in out.iterdir()} == first
    next(out.glob("*.json")).unlink()
    code, _, error = formclip(capsys, "import", phyphox, "-o", out)
    assert code == 6 and "was not imported" in error and error.count("\n") == 1
    assert next(out.glob("*.xz")).read_bytes() == first[next(out.glob("*.xz")).name]


def test_two_csv_files_are_one_recording(tmp_path, capsys):
    r = run()
    acc = written(tmp_path / "Accelerometer.csv", phyphox_acc(r))
    gyr = written(tmp_path / "Gyroscope.csv", phyphox_gyr(r, 0.002))
    for files in ((acc, gyr), (gyr, acc)):
        code, out, _ = formclip(capsys, "import", *files, "--json", "--look")
        held = json.loads(out)
        assert code == 0 and len(held) == 1
        assert held[0]["gyr"]["file"] == "Gyroscope.csv" and held[0]["rate_hz"] == 100
    code, out, _ = formclip(capsys, "replay", acc, gyr, "--out", tmp_path / "out", "--json")
    assert code == 0 and json.loads(out)["has_gyro"] is True


def test_several_recordings_are_several_traces(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        EXPORTS["Physics Toolbox"].write(tmp_path / name, run(12.0)).rename(tmp_path / f"{name}.csv")
    code, out, _ = formclip(capsys, "import", tmp_path / "a.csv", tmp_path / "b.csv", "-o", tmp_path / "out")
    assert code == 0 and sorted(p.name for p in (tmp_path / "out").glob("*.xz")) == ["a.imu.csv.xz", "b.imu.csv.xz"]


def test_what_a_person_says_is_kept_beside_the_trace(tmp_path, capsys):
    r = run(12.0)
    path = written(tmp_path / "odd.csv", table("k,p,q,r", [r.t_s * 1000, *r.mps2.T]))
    code, _, error = formclip(capsys, "import", path, "-o", tmp_path)
    assert code == 3 and "--columns" in error and error.count("\n") == 1
    said = ["--columns", "t=k,ax=p,ay=q,az=r", "--time-unit", "ms", "--acc-unit", "m/s2"]
    code, out, _ = formclip(capsys, "import", path, "-o", tmp_path, *said)
    assert code == 0
    side = json.loads((tmp_path / "odd.import.json").read_text())
    assert side["said"] == {
        "columns": {"t": "k", "ax": "p", "ay": "q", "az": "r"},
        "acc_unit": "m/s2",
        "time_unit": "ms",
    }
    samples, _ = samples_of(tmp_path / "odd.imu.csv.xz")
    np.testing.assert_allclose(samples[:3].T, r.acc_g, atol=1e-4)
    code, _, error = formclip(capsys, "replay", path, "--out", tmp_path / "out", *said)
    assert code == 0


@pytest.mark.parametrize("columns", ["t", "t=", "=1", "t=1,,"])
def test_columns_that_are_no_pairs_are_wrong_use(tmp_path, capsys, columns):
    code, _, error = formclip(capsys, "import", tmp_path / "a.csv", "--columns", columns)
    assert code == 2 and "NAME=COLUMN" in error


def test_the_time_of_an_export_is_told(tmp_path, capsys):
    path = EXPORTS["MbientLab"].write(tmp_path, run(12.0))
    _, out, _ = formclip(capsys, "import", path, "--look", "--json")
    assert json.loads(out)[0]["starts_at"].startswith("2023-11-14T22:13:20")


def test_a_picture_of_all_axes(phyphox, tmp_path, capsys):
    code, _, _ = formclip(capsys, "import", phyphox, "--look", "--plot", tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert code == 0 and text.startswith("<svg") and "turning, deg/s" in text and "phyphox" in text


def test_replay_takes_an_export_as_it_is(phyphox, tmp_path, capsys):
    code, out, _ = formclip(capsys, "replay", phyphox, "--out", tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert code == 0 and summary["source"] == "phyphox" and summary["rate_hz"] == 100
    assert "note: from phyphox" in out
    steps = (tmp_path / "out" / "steps.csv").read_text().count("\n") - 1
    assert steps > 50 and summary["mean"]["cadence_spm"] == pytest.approx(165, abs=0.5)
    assert motion(np.array([5.0]))[0].shape == (1, 3)


def test_a_file_that_is_not_there(tmp_path, capsys):
    code, _, error = formclip(capsys, "import", tmp_path / "none.zip")
    assert code == 6 and "no such file" in error
