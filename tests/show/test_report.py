"""The report: what it finds in a run, and that the page stands alone."""

import base64
import hashlib
import html
import itertools
import json
import math
import re
from datetime import datetime, timedelta

import numpy as np
import pytest
from formclip.ground.estimates import outside
from formclip.ground.metrics import METRIC, METRICS
from formclip.ground.run import Cue, Run
from formclip.ground.text import number, signed
from formclip.runs.insight.compare import balance_percent, cue_effects, sides, thirds
from formclip.runs.insight.distance import SAID, Distance
from formclip.runs.insight.findings import findings, three_sentences
from formclip.runs.knowledge import CAUTIONS, EXERCISES, FAULTS, WHEN_TO_STOP
from formclip.show.report.charts import charts_of, over_days, over_time
from formclip.show.report.draw import LEFT, WIDTH, draw, draw_apart, spec
from formclip.show.report.page import MOST_BYTES, render
from formclip.show.report.story import Label, tell


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


def test_cue_effect_is_the_difference_to_the_fault_and_not_to_what_was_before_it():
    at = 12 + 600.0
    run = make_run(
        cues=[Cue(at, "arch", "tilt 12.9 over 12.0")],
        tilt_deg=lambda minute: 7 if 10.0 - 5.5 / 60 <= minute < 10.0 else 0,
    )
    (effect,) = cue_effects(run)
    assert effect.change.difference == pytest.approx(-7, abs=0.8) and effect.change.trend == -1


def test_cue_effect_stops_at_a_break():
    run = make_run(cues=[Cue(12 + 600.0, "arch", "")])
    run.columns["on_s"][run.on_s > 12 + 601] += 60
    (effect,) = cue_effects(run)
    assert effect.change is None


def busy_run():
    """Two hours with cues of every kind, and a reason that must not become markup."""
    kinds = ("overstride", "arch", "ok")
    cues = [Cue(12 + 60.0 * m, kinds[m % 3], "braking <over> trend") for m in range(5, 110, 4)]
    return make_run(minutes=120, cues=cues)


@pytest.fixture(scope="module")
def busy_page():
    return render(
        busy_run(), Label("A <b>long</b> run", ["Tue 3 Nov 2026, 07:15", "clip formclip-1a2b"], "felt <i>stiff</i>")
    )


def test_page_stands_alone_is_light_and_carries_the_cautions(busy_page):
    assert len(busy_page.encode()) < MOST_BYTES == 400_000
    assert not re.search(r"""(src|href)\s*=\s*["'](https?:)?//""", busy_page)
    assert "&lt;over&gt;" in busy_page and "<over>" not in busy_page
    assert "A &lt;b&gt;long" in busy_page and "felt &lt;i&gt;stiff" in busy_page
    for caution in CAUTIONS:
        assert caution[:30] in busy_page
    for metric in METRICS:
        assert metric.title in busy_page


def test_policy_of_the_page_lets_its_own_style_and_script_run_and_nothing_else(busy_page):
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', busy_page)
    policy = html.unescape(policy)
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", busy_page, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert " style=" not in busy_page


def test_what_to_take_comes_first_then_when_to_stop_then_figures_then_the_rest(busy_page):
    places = [
        busy_page.index(text)
        for text in (
            "A &lt;b&gt;",
            "What to take from it",
            WHEN_TO_STOP[0][:40],
            "figures to look at first",
            "All figures",
        )
    ]
    assert places == sorted(places)


def test_every_chart_has_a_name_a_table_and_its_figures_for_the_pointer(busy_page):
    charts = charts_of(busy_run())
    assert len(charts) == len(METRICS) + 3
    assert busy_page.count('class="plot" tabindex="0"') == busy_page.count('<details class="behind">') == len(charts)
    for told in re.findall(r'data-chart="([^"]*)"', busy_page):
        chart = json.loads(html.unescape(told))
        assert len(chart["x"]) == len(chart["m"]) == len(chart["l"]) == len(chart["h"]) > 10
    tables = busy_page.count("<table")
    assert busy_page.count("<caption>") == tables and not re.search(r"<th(?! scope)[ >]", busy_page)


def test_estimates_are_labelled_and_have_their_interval_where_one_is_known():
    run = make_run()
    run.columns["speed_mps_90"] = np.full(len(run), 0.25)
    story = tell(run, Label("x"))
    speed, contact = (next(f for f in story["figures"] if f["key"] == key) for key in ("speed_mps", "contact_ms"))
    assert speed["estimate"] and speed["interval"] == "2.75 to 3.25" and contact["interval"] == ""
    assert "± 0.3 km by the clip's own estimate" in story["distance"]
    assert tell(run, Label("x", distance=Distance(5000.0, None, SAID)))["distance"] == "5.00 km as you said"


def test_axis_begins_at_zero_and_says_minutes_since_what():
    chart = over_time(make_run(), METRIC["cadence_spm"])
    assert chart.x_domain[0] == 0 and chart.x_title == "minutes since the recording began"
    assert chart.x[0] > 12 / 60


def test_first_steps_of_a_bout_make_no_spike():
    run = make_run()
    run.columns["vo_cm"][:20] = 40.0
    chart = over_time(run, METRIC["vo_cm"])
    assert max(chart.high) < 12 and chart.y_domain[1] < 12


def test_lines_stop_between_bouts():
    run = make_run()
    run.columns["on_s"][1700:] += 300
    assert set(over_time(run, METRIC["vo_cm"]).of) == {0, 1}


def test_cadence_has_own_baseline_and_target_and_no_band():
    chart = over_time(make_run(), METRIC["cadence_spm"])
    assert chart.bands == [] and [level.label for level in chart.levels] == ["own baseline", "target +5 %"]
    assert chart.levels[1].value == pytest.approx(1.05 * chart.levels[0].value, abs=0.01)


def test_tilt_has_the_runners_own_bands_named_where_they_are_drawn():
    run = make_run(cues=[Cue(12 + 300.0, "arch", "why")])
    charts = {chart.key: chart for chart in charts_of(run)}
    assert [band.label for band in charts["time-tilt_deg"].bands] == ["amber, +4°", "cue, +6°"]
    (svg,) = draw([charts["time-tilt_deg"].to_dict()])
    assert "amber, +4°" in svg and "cue, +6°" in svg and "own baseline" in svg
    assert {"cue-arch-tilt_deg"} == {key for key in charts if key.startswith("cue-")}


def test_text_in_charts_is_readable_on_a_phone_and_nothing_needs_a_style():
    run = make_run(cues=[Cue(12 + 300.0, "arch", "why")])
    for svg in draw([chart.to_dict() for chart in charts_of(run)]):
        assert all(float(size) * 340 / WIDTH >= 11 for size in re.findall(r'font-size="([\d.]+)px"', svg))
        assert "style=" not in svg and "clip-path" not in svg and not re.search(r">[−-]0(\.0*)?<", svg)


def test_charts_follow_the_schema_that_is_not_asked_each_time():
    for chart in charts_of(make_run(cues=[Cue(12 + 300.0, "arch", "why")])):
        assert spec(chart.to_dict(), checked=True) == spec(chart.to_dict())


def test_charts_drawn_in_a_process_of_their_own_are_the_same():
    charts = [chart.to_dict() for chart in charts_of(make_run())[:2]]
    assert draw_apart(charts) == draw(charts) and draw_apart([]) == []


def test_one_cue_is_one_cue():
    page = render(make_run(cues=[Cue(300.0, "arch", "tilt")]))
    assert '<b>1</b> <span class="muted">tuck cue<' in page and '<b>0</b> <span class="muted">quick-feet cues<' in page


def test_an_arch_finding_says_that_its_evidence_is_weaker():
    page = render(make_run(tilt_deg=lambda minute: 0.2 * minute))
    assert "The evidence is weaker than for cadence" in page and "exercises come first" in page


def test_exercises_are_whole_sentences():
    for exercise in EXERCISES.values():
        assert re.fullmatch(r"[A-Z].*\.", exercise.how) and len(exercise.how.split()) > 5, exercise


def test_three_sentences_say_how_long_what_was_felt_and_what_changed():
    said = three_sentences(2520, 168.2, "7.6 km as you said", {"overstride": 3, "arch": 1}, {"tilt_deg": (5, 7.1, 1)})
    assert said == [
        "You ran for 42:00, 7.6 km as you said, at 168 steps/min.",
        "The clip cued quick feet 3 times and tuck once.",
        "From the first to the last third these changed clearly: pelvic tilt against standing (+2.1°).",
    ]
    quiet = three_sentences(60, math.nan, "", {}, {"tilt_deg": (5, 5.4, 1), "cadence_spm": (170, 160, 0)})
    assert quiet[1:] == ["The clip gave no cue.", "Nothing changed clearly from the first to the last third."]


def test_a_change_that_is_sure_and_small_is_not_spoken_of():
    """Thousands of steps make 2 mm/s of braking sure; nobody can do anything with it."""
    small = {"braking_mps": (0.175, 0.177, 1), "contact_ms": (222.0, 219.0, -1), "heel_ahead_cm": (18.4, 18.9, 1)}
    assert three_sentences(60, 170, "", {}, small)[2].startswith("Nothing changed clearly")
    told = three_sentences(60, 170, "", {}, small | {"contact_ms": (222.0, 240.0, 1)})[2]
    assert "ground contact (+18 ms)." in told and "braking" not in told


def test_a_date_at_the_end_of_an_axis_is_not_cut_off():
    days = [(datetime(2026, 9, 28) + timedelta(weeks=n), 14.0 + n % 2, math.nan) for n in range(9)]
    chart = over_days("weeks", METRIC["cadence_spm"], "One point a week.", days)
    (svg,) = draw([chart.to_dict()])
    labels = re.findall(
        r'<text text-anchor="(\w+)" transform="translate\((-?[\d.]+),[^>]*>(\d+ [A-Z][a-z]{2})</text>', svg
    )
    assert len(labels) >= 3, svg[:2000]
    reach = []
    for anchor, x, text in labels:
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        reach.append((float(x) - share * 7.0 * len(text), float(x) + (1 - share) * 7.0 * len(text)))
    assert reach[0][0] >= -LEFT and reach[-1][1] <= WIDTH - LEFT, reach
    assert all(one[1] < other[0] for one, other in itertools.pairwise(reach)), "no two run into each other"


def test_doubts_and_notes_of_a_replay_stand_in_the_page():
    run = make_run()
    run.summary.update(
        doubts=[{"words": "the axes are swapped", "remedy": "say which is which"}],
        notes=["the gyroscope began late"],
        left_empty={"tilt_deg": "axes"},
    )
    page = render(run)
    assert "Doubtful: the axes are swapped." in page and "Say which is which." in page
    assert "The gyroscope began late." in page and "Left empty for it: Pelvic tilt against standing" in page


def test_what_lies_outside_the_runners_of_the_fit_is_said_once():
    run = make_run(contact_ms=lambda t: -110.0)
    said = outside({"contact_ms": float(np.mean(run.column("contact_ms")))})
    assert len(said) == 1 and tell(run, Label("run"))["notes"] == said
    run.summary["notes"] = list(said)
    assert tell(run, Label("run"))["notes"] == said, "a replay has said it already"
    assert not tell(make_run(), Label("run"))["notes"]


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
