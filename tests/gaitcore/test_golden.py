"""Golden outputs: what replay gives for three simulated runs, as it was when last read by a person.

`make golden` writes them anew; read their diff before committing it. One count of a record's scale is allowed, so that
another processor's last digit does not fail the test.
"""

import csv
import os

import pytest
from formclip.ground.trace import Block, open_trace, write_trace
from formclip.lab.replay import replay_to_folder
from formclip.lab.simulate import Episode, Gap, Scenario, Segment, write

# One count of each column's scale, and a little for the decimals written.
COUNT = {
    "on_s": 0.0021,
    "contact_ms": 2.1,
    "flight_ms": 4.1,
    "cadence_spm": 0.11,
    "tilt_deg": 0.021,
    "tilt_range_deg": 0.21,
    "drop_range_deg": 0.21,
    "rotation_range_deg": 0.21,
    "vo_cm": 0.11,
    "impact_g": 0.051,
    "flags": 0.0,
    "t_s": 0.26,
}
# From models that are fitted anew now and then, and have tests of their own: here, only whether there is a value.
FITTED = ("braking_mps", "speed_mps", "heel_ahead_cm")
WORN = {"mounting_deg": (4.0, -6.0, 8.0), "gyro_bias_dps": (2.0, -3.0, 1.0)}
RUNS = {
    "arch": (
        Scenario(minutes=1.2, rate_hz=104, episodes=(Episode(kind="arch", start_s=45.0, end_s=62.0),), **WORN),
        {"warmup_s": 0, "baseline_skip_s": 0, "own_cadence_dspm": 1690, "own_tilt_cdeg": 600},
    ),
    "gaps": (
        Scenario(
            minutes=0.8,
            person=4,
            speed_mps=3.6,
            segments=(Segment(start_s=25.0, end_s=32.0, activity="walking"),),
            gaps=(Gap(at_s=18.0, samples=20), Gap(at_s=40.0, samples=300)),
            **WORN,
        ),
        {},
    ),
    "acceleration_only": (Scenario(minutes=0.6, rate_hz=100, person=2, **WORN), {}),
}


def outputs(name, folder):
    scenario, changed = RUNS[name]
    path, _, _ = write(folder / "run", scenario, 1)
    if name == "acceleration_only":
        blocks = [piece.samples for piece in open_trace(path).pieces() if isinstance(piece, Block)]
        path = folder / "acc.csv"
        write_trace(path, scenario.rate_hz, blocks, has_gyro=False)
    replay_to_folder(path, folder / "out", changed, bar=False)
    return folder / "out"


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", RUNS)
def test_golden(name, tmp_path, repo):
    out = outputs(name, tmp_path)
    golden = repo / "tests" / "golden"
    for part in ("steps.csv", "cues.csv"):
        kept = golden / f"{name}.{part}"
        if os.environ.get("FORMCLIP_GOLDEN") == "write":
            golden.mkdir(exist_ok=True)
            kept.write_bytes((out / part).read_bytes())
            continue
        ours, theirs = table(out / part), table(kept)
        changed = f"{kept.name} is no longer what replay gives: if that is meant, `make golden` and read the diff"
        assert len(ours) == len(theirs), changed
        for line, (row, old) in enumerate(zip(ours, theirs), 2):
            assert row.keys() == old.keys(), changed
            for key, value in old.items():
                if key == "reason":
                    continue  # its numbers are those of the steps
                if key in FITTED:
                    assert bool(row[key]) == bool(value), f"line {line}, {key}; {changed}"
                    continue
                same = row[key] == value or (
                    key in COUNT and row[key] and value and abs(float(row[key]) - float(value)) <= COUNT[key]
                )
                assert same, f"line {line}, {key}: {row[key]!r}, golden {value!r}; {changed}"


def test_a_golden_has_what_it_is_for(repo):
    """An arch cue, an empty tilt without a gyroscope, flags where samples were lost."""
    golden = repo / "tests" / "golden"
    assert [row["kind"] for row in table(golden / "arch.cues.csv")][:1] == ["arch"]
    assert {row["tilt_deg"] for row in table(golden / "acceleration_only.steps.csv")} == {""}
    assert any(int(row["flags"]) & 8 for row in table(golden / "gaps.steps.csv"))
