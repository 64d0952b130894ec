"""The report: what it finds in a run, and that the page stands alone."""

import json
import math
import re

import numpy as np
import pytest
from formclip.ground.metrics import METRICS
from formclip.ground.run import Cue, Run
from formclip.runs.insight.compare import balance_percent, cue_effects, sides, thirds
from formclip.runs.knowledge import CAUTIONS, EXERCISES, FAULTS
from formclip.show.report.page import MOST_BYTES, findings, number, render, signed


def make_run(minutes=20.0, seed=1, cues=(), **changes):
    """A run of independent steps; `changes` maps a column to a function of minutes since the start."""
    rng = np.random.default_rng(seed)
    n = int(minutes * 170)
    on_s = 12 + np.arange(n) * 60 / 170
    usual = {
        "cadence_spm": (170, 1.5),
        "tilt_deg": (6, 0.8),
        "braking_mps": (-0.2, 0.02),
        "heel_ahead_cm": (20, 1),
        "contact_ms": (240, 8),
        "flight_ms": (112, 8),
        "vo_cm": (9.5, 0.4),
        "tilt_range_deg": (7, 0.6),
        "drop_range_deg": (9, 0.8),
        "rotation_range_deg": (14, 1.2),
        "impact_g": (2.6, 0.3),
        "sway_cm": (1.3, 0.2),
        "speed_mps": (3.0, 0.05),
    }
    columns = {key: mean + spread * rng.standard_normal(n) for key, (mean, spread) in usual.items()}
    for key, change in changes.items():
        columns[key] = columns[key] + np.array([change(t) for t in (on_s - on_s[0]) / 60])
    columns["on_s"] = on_s
    columns["side"] = (np.arange(n) % 2).astype(float)
    return Run("evening run", columns, tuple(cues))


def test_steady_run_has_no_trend_and_no_finding():
    run = make_run()
    assert [metric.key for metric in METRICS if (c := thirds(run, metric.key)) and c.trend] == []
    assert findings(run) == []
    assert "No cue was needed" in render(run)


def test_tilt_that_grows_is_found_with_its_words_and_exercises():
    run = make_run(tilt_deg=lambda minute: 0.2 * minute)
    (finding,) = findings(run)
    assert finding.fault is FAULTS["arch"]
    change = thirds(run, "tilt_deg")
    assert change.trend == 1 and change.difference == pytest.approx(0.2 * 20 * 2 / 3, abs=0.3)
    page = render(run)
    assert "Squeeze the glutes" in page and EXERCISES["dead_bug"].dose in page


def test_longer_left_contact_is_found_in_balance():
    run = make_run()
    run.columns["contact_ms"][run.columns["side"] == 0] += 20
    assert sides(run, "contact_ms").trend == -1
    assert balance_percent(run) == pytest.approx(100 * 260 / 500, abs=0.2)
    assert [f.fault.key for f in findings(run)] == ["drop"]


def test_cue_effect_is_the_difference_of_twenty_steps():
    at = 12 + 600.0
    run = make_run(
        cues=[Cue(at, "arch", "tilt 12.9 over 12.0")],
        tilt_deg=lambda minute: 7 if 9.8 <= minute < 10.0 else 0,
    )
    (effect,) = cue_effects(run)
    assert effect.change.difference == pytest.approx(-7, abs=0.8) and effect.change.trend == -1


def test_cue_effect_stops_at_a_break():
    run = make_run(cues=[Cue(12 + 600.0, "arch", "")])
    run.columns["on_s"][run.on_s > 12 + 601] += 60
    (effect,) = cue_effects(run)
    assert effect.change is None


def test_page_stands_alone_and_carries_the_cautions():
    run = make_run(
        minutes=120, cues=[Cue(12 + 60.0 * m, "overstride", "braking <over> trend") for m in range(5, 60, 5)]
    )
    page = render(run)
    assert len(page.encode()) < MOST_BYTES
    assert not re.search(r"""(src|href)\s*=\s*["'](https?:)?//""", page)
    assert "&lt;over&gt;" in page and "braking <over>" not in page.split("const specs")[0]
    for caution in CAUTIONS:
        assert caution[:30] in page
    for metric in METRICS:
        assert metric.title in page
        if metric.estimate:
            assert re.search(rf"{re.escape(metric.title)}</h3><span class=\"badge\">estimate", page)


def test_charts_carry_bands_baseline_and_cues():
    run = make_run(cues=[Cue(12 + 300.0, "arch", "why")])
    specs = json.loads(re.search(r"const specs = (\{.*\});", render(run)).group(1))
    assert {f"time-{metric.key}" for metric in METRICS} <= set(specs)
    text = json.dumps(specs["time-tilt_deg"])
    assert "amber: own baseline" in text and "own baseline" in text and "tuck" in text
    assert "cue-arch-tilt_deg" in specs and "cue-overstride-cadence_spm" not in specs


def test_unmeasured_metrics_are_named_not_drawn():
    run = make_run()
    run.columns["tilt_deg"][:] = math.nan
    del run.columns["rotation_range_deg"]
    page = render(run)
    assert "Not measured in this run: pelvic tilt against standing, rotation range" in page
    assert "time-tilt_deg" not in page


def test_tilt_after_a_slip_and_before_it_was_told_counts_in_no_mean():
    run = make_run()
    told = 2000
    run.columns["flags"] = np.where(np.arange(len(run)) >= told, 16.0, 0.0)
    run.columns["tilt_deg"][told - 45 :] += 20
    assert np.nanmean(run.trusted("tilt_deg")) == pytest.approx(6, abs=0.1)
    assert '<div class="value">6.0°</div>' in render(run)


def test_run_without_steps_says_so():
    run = Run("desk", {"on_s": np.array([])})
    page = render(run)
    assert "No running found" in page and "not a medical device" in page


def test_few_steps_give_a_page_without_trends():
    columns = {key: values[:5] for key, values in make_run().columns.items()}
    page = render(Run("short", columns))
    assert "too few steps for a trend" in page


def test_numbers_have_a_real_minus_and_no_signed_zero():
    assert number(-1.25, 1) == "−1.2"
    assert signed(0.3, 1) == "+0.3"
    assert signed(-0.04, 1).lstrip("−") == "0.0"
    assert number(math.nan, 1) == "–"
