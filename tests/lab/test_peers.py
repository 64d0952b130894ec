"""What `make compare` scores with, on signals whose answer is known. The peers themselves are not needed."""

import numpy as np
import pytest
from formclip.lab.peers.compare import OURS, OURS_ALONE, _score_contacts, _tilt_error, tables, to_markdown
from formclip.lab.peers.methods import sensor_mean, threshold_peaks


def truth_of(on_s, **more):
    steps = [{"on_s": float(t), "off_s": float(t) + 0.25, "tilt_deg": 15.0} for t in on_s]
    return {"steps": steps, "standing_tilt_deg": 10.0, "sensor_to_body": np.eye(3).tolist(), **more}


def test_missed_and_invented_steps_are_counted_whatever_the_constant_offset():
    on_s = 12 + 0.35 * np.arange(200)
    contacts = np.sort(np.append(np.delete(on_s, 100), on_s[150] + 0.17)) + 0.06
    scored = _score_contacts(contacts, truth_of(on_s))
    assert scored["steps"] - scored["found"] == 1 and scored["invented"] == 1
    assert max(scored["errors"]) > 5 > np.median(scored["errors"])
    assert _score_contacts(on_s + 0.1, truth_of(on_s))["errors"] == pytest.approx([0] * 56, abs=1e-6)


def test_tilt_error_is_that_of_the_mean_against_standing():
    t_s = np.arange(0, 60, 0.02)
    tilt = np.radians(np.where(t_s < 11, 10.0, 15.0 + 1.5))
    up = np.stack([-np.sin(tilt), np.cos(tilt), np.zeros_like(tilt)], axis=1)
    assert _tilt_error(t_s, up, truth_of(np.arange(12, 55, 0.35))) == pytest.approx(1.5, abs=1e-6)


def test_plain_methods_find_what_is_plain():
    t_s = np.arange(0, 20, 0.01)
    acc = np.stack([np.zeros_like(t_s), 1 + np.sin(2 * np.pi * 2.8 * t_s), 0.2 + 0 * t_s], axis=1)
    assert len(threshold_peaks(acc, 100.0)) == 56
    up = sensor_mean(acc, np.zeros_like(acc), 100.0)
    assert up[1000] == pytest.approx([0, 0.98, 0.196], abs=0.01)


def test_page_names_the_worst_trace_and_every_method():
    steps = {"steps": 100, "found": 99, "invented": 1, "errors": [0.5, 1.5]}
    results = [
        {
            "trace": "a/1",
            "tilt": {OURS: 0.1, OURS_ALONE: -0.2, "VQF": 2},
            "up": {},
            "contacts": {OURS: steps},
            "us": {},
        },
        {"trace": "a/2", "tilt": {OURS: -0.4, OURS_ALONE: 0.1, "VQF": 1}, "up": {}, "contacts": {}, "us": {OURS: 3}},
        {"trace": "b/1", "tilt": {}, "up": {OURS: {"rms_deg": 0.6}}, "contacts": {OURS: {"idle": 4}}, "us": {}},
    ]
    told = tables(results)
    assert told["inclination"][OURS]["worst"] == "a/2" and told["inclination"][OURS]["up_rms_deg"] == 0.6
    assert told["inclination"]["VQF"]["tilt_rmse_deg"] == pytest.approx(np.sqrt(2.5))
    page = to_markdown(told)
    assert "| formclip | 2 | 0.29 | −0.40 | a/2 | 0.60 | 3.0 |" in page
    assert "| formclip | 1 | 99.0 % | 1.0 % | 1.00 | 1.5 | 4 in 1 | 3.0 |" in page
