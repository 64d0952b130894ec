"""The demo: four episodes cued and nothing else, the same cues from the log, a recorded trace near its truth."""

import json

import pytest
from formclip.ground.run import Cue
from formclip.lab.validate.episodes import match_cues
from formclip.show import cli

EPISODES = [
    {"kind": "overstride", "start_s": 100.0, "full_s": 102.0, "end_s": 140.0, "gone_s": 142.0},
    {"kind": "arch", "start_s": 300.0, "full_s": 302.0, "end_s": 340.0, "gone_s": 342.0},
]


def test_cues_are_matched_to_their_episode_and_kind():
    cues = tuple(
        Cue(t_s, kind, "")
        for t_s, kind in ((50, "arch"), (107, "overstride"), (137, "overstride"), (145, "ok"), (310, "overstride"))
    )
    found, stray = match_cues(EPISODES, cues)
    assert [(f.kind, f.cued_s, f.cues) for f in found] == [("overstride", 107, 2), ("arch", None, 0)]
    assert [cue.t_s for cue in stray] == [50, 310]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "out"
    return folder, cli.run(["demo", "--json", "--no-clip", "--out", str(folder)])


def test_demo_finds_what_was_put_in(demo, tmp_path, capsys):
    folder, code = demo
    assert code == 0
    code = cli.run(["demo", str(folder / "simulated.imu.csv.xz"), "--no-clip", "--out", str(tmp_path)])
    out = capsys.readouterr().out
    assert code == 0 and "4 of 4 episodes cued, 0 cues where no fault was" in out and "gives the same cues" in out
    assert max(map(len, out.splitlines())) <= 120
    for name in ("steps.csv", "cadence.csv", "cues.csv", "up.csv", "summary.json", "session.fclog", "report.html"):
        assert (tmp_path / name).stat().st_size > 0
        assert (folder / name).stat().st_size > 0
    assert (tmp_path / "steps.csv").read_bytes() == (folder / "steps.csv").read_bytes()


def test_demo_fails_when_a_fault_is_not_cued(demo, tmp_path, capsys):
    """The same run with a truth that claims a fifth fault: exit code 7 and one line."""
    folder, _ = demo
    known = json.loads((folder / "simulated.truth.json").read_text())
    known["episodes"].append({"kind": "arch", "start_s": 1100.0, "full_s": 1102.0, "end_s": 1130.0, "gone_s": 1132.0})
    (tmp_path / "simulated.truth.json").write_text(json.dumps(known))
    (tmp_path / "simulated.imu.csv.xz").symlink_to(folder / "simulated.imu.csv.xz")
    code = cli.run(["demo", str(tmp_path / "simulated.imu.csv.xz"), "--no-clip", "--out", str(tmp_path / "out")])
    err = capsys.readouterr().err
    assert code == 7 and "1 of 5 episodes not cued" in err and err.count("\n") == 1


def test_demo_with_a_recorded_trace(traces, tmp_path, capsys):
    code = cli.run(
        ["demo", str(traces / "sisfall" / "D03_SA01_R01.imu.csv.xz"), "--no-clip", "--out", str(tmp_path), "--json"]
    )
    said = json.loads(capsys.readouterr().out)
    assert code == 0 and len(said["windows"]) == 8
    assert all(abs(w["ours"] - w["truth"]) <= 3 for w in said["windows"])


def test_the_whole_chain_over_the_virtual_radio(tmp_path, capsys):
    """Virtual board with the real firmware, Bluetooth stack, sync, report: the same steps as the replay's."""
    pytest.importorskip("bumble", reason="the virtual radio needs bumble: make setup")
    assert cli.run(["simulate", "--minutes", "1.5", "--seed", "3", "-o", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    trace = tmp_path / "run.imu.csv.xz"
    code = cli.run(["demo", str(trace), "--out", str(tmp_path / "out"), "--json"])
    said = json.loads(capsys.readouterr().out)
    synced = said["synced"]
    assert code == 0 and synced["byte_for_byte"] and synced["sessions"] == ["formclip-0001/1"]
    assert abs(synced["steps"] - said["summary"]["steps"]) <= 6
    assert cli.run(["report", "formclip-0001/1", "--store", synced["store"], "-o", str(tmp_path / "r.html")]) == 0
