"""The changes themselves: physics that must hold for each, and known errors that must show in the table."""

import numpy as np
import pytest
from formclip.ground.errors import FileError
from formclip.lab.simulate import Scenario, write
from formclip.lab.stress import limps, stress, variants
from formclip.lab.stress.daily import as_part, livelier
from formclip.lab.stress.motion import ACC_LSB_G, GYR_LSB_DPS, read_rows, sensed, take_apart
from formclip.lab.validate.truthfile import load_truth, truth_path
from formclip.show import cli
from scipy.spatial.transform import Rotation


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """45 s of a simulated runner on level ground."""
    folder = tmp_path_factory.mktemp("runs")
    write(folder / "run", Scenario(minutes=0.75, rate_hz=208, person=2, speed_mps=3.0), 4)
    return folder


@pytest.fixture(scope="module")
def path(folder):
    return next(folder.glob("*.csv*"))


@pytest.fixture(scope="module")
def motion(path):
    return take_apart(path, load_truth(truth_path(path)))


def test_sensed_again_it_is_the_recording(path, motion):
    _, rows = read_rows(path)
    again = sensed(motion, np.array(motion.rest["gyro_bias_dps"]), np.array(motion.rest["acc_bias_g"]))
    apart = np.abs(again - rows).max(axis=0)
    assert np.all(apart[:3] <= ACC_LSB_G) and np.all(apart[3:] <= 1.01 * GYR_LSB_DPS)


def test_gravity_is_where_the_truth_says(motion):
    a, b = (int(t * motion.rate_hz) for t in motion.seams_s)
    mean = motion.turned[a:b].apply(motion.acc_g[a:b]).mean(axis=0)
    assert mean[1] == pytest.approx(1, abs=0.02)
    assert np.degrees(np.hypot(mean[0], mean[2])) < 1.0


def test_a_turn_turns_and_pulls_inwards(motion):
    t_s = motion.t_s
    heading = np.radians(90) * variants._eased(t_s, 20.0, 5.0)
    turned = motion.yawed(heading, np.full(len(t_s), 3.0))
    about_up = np.sum((turned.gyr_dps - motion.gyr_dps) * motion.up(), axis=1)
    assert np.sum(about_up) / motion.rate_hz == pytest.approx(90, abs=0.1)
    pull = turned.turned.apply(turned.acc_g) - turned.turned.apply(motion.acc_g)
    gained = 9.80665 * np.sum(pull, axis=0) / motion.rate_hz
    np.testing.assert_allclose(gained, [-3.0, 0.0, -3.0], atol=0.01)  # from 3 m/s ahead to 3 m/s to the left


def test_backwards_twice_is_as_it_was(motion):
    once = motion.pieces([(12.0, 8.0)])
    twice = once.pieces([(4.0, 0.0)])
    a, b = int(8 * motion.rate_hz), int(12 * motion.rate_hz)
    np.testing.assert_allclose(twice.gyr_dps, motion.gyr_dps[a:b])
    np.testing.assert_allclose(once.acc_g[::-1], motion.acc_g[a:b])
    assert not once.steps


def test_a_worn_clip_feels_the_same_wherever_it_looks(motion):
    turn = Rotation.from_euler("xyz", [80, 20, -140], degrees=True)
    other = motion.mounted(turn)
    np.testing.assert_allclose(np.linalg.norm(other.acc_g, axis=1), np.linalg.norm(motion.acc_g, axis=1))
    np.testing.assert_allclose(other.turned.apply(other.acc_g), motion.turned.apply(motion.acc_g), atol=1e-9)
    away = motion.mounted(Rotation.identity(), (0.0, 0.0, 0.15))
    still = slice(int(2 * motion.rate_hz), int(8 * motion.rate_hz))
    assert np.abs(away.acc_g - motion.acc_g)[still].max() < 0.02 < np.abs(away.acc_g - motion.acc_g).max()


def test_what_rings_comes_to_rest_where_it_was(motion):
    ring = variants._ringing(motion, np.random.default_rng(1), 0.01, 30.0, 0.03, 5.0)
    velocity = np.cumsum(ring)
    assert 2.5 < np.abs(ring).max() < 10
    assert abs(velocity[-1]) < 1e-6 * np.abs(velocity).max()


def test_quicker_keeps_forces_and_shortens_times(motion):
    quick = motion.quickened(1.25)
    assert quick.steps[-1]["on_s"] == pytest.approx(motion.steps[-1]["on_s"] / 1.25)
    assert quick.steps[-1]["vo_cm"] == pytest.approx(motion.steps[-1]["vo_cm"] / 1.25**2)
    assert np.abs(quick.gyr_dps).max() == pytest.approx(1.25 * np.abs(motion.gyr_dps).max(), rel=0.05)


def test_every_variant_gives_a_trace_with_its_truth(motion, path):
    assert len(set(stress.NAMES)) == len(stress.NAMES)
    for variant in variants.VARIANTS:
        made = variant(motion, np.random.default_rng(2), [path])
        assert made.rows.shape == (len(made.t_s), 6)
        assert np.isfinite(made.rows).mean() > 0.99
        assert len(made.truth["steps"]) > 20
        assert variant.name in ("other columns, CRLF, Unix time", "gaps, NaN and double rows") or made.t_s[-1] < 200


def test_steps_of_joined_pieces_follow_their_samples(motion):
    cut_s = motion.seams_s[0]
    joined = motion.pieces([(0.0, cut_s), (10.0, 5.0), (5.0, motion.t_s[-1])])
    later = [s["on_s"] for s in joined.steps if s["on_s"] > cut_s + 1]
    first = motion.steps[0]["on_s"]
    assert later[0] == pytest.approx(cut_s + 5.0 + first - 5.0, abs=0.01)


def test_another_walk_keeps_up_and_turns_no_faster_than_people_do(motion, path):
    part = as_part(motion, path, 20.0, True)
    stand = motion.acc_g[int(9 * motion.rate_hz) : int(9.9 * motion.rate_hz)].mean(axis=0)
    edges = np.stack((part.acc_g[:5].mean(axis=0), part.acc_g[-5:].mean(axis=0)))
    np.testing.assert_allclose(edges, [stand / np.linalg.norm(stand)] * 2, atol=0.03)
    assert not part.steps


def test_livelier_keeps_gravity(path):
    t_s, rows = livelier(path, 1.2, 1.3)
    _, plain = read_rows(path)
    assert t_s[-1] == pytest.approx(45 / 1.2, abs=0.1)
    np.testing.assert_allclose(rows[:, :3].mean(axis=0), plain[:, :3].mean(axis=0), atol=0.03)


def test_scores_and_table(folder, path, motion, tmp_path):
    names = ("as recorded", "upside down", "104 Hz")
    scores = stress.score_stress([path], names, processes=1)
    again = stress.score_stress([path], names, processes=1)
    assert scores == again
    text = stress.to_markdown(scores, [])
    assert text.count("\n| ") == 2 + len(names) and "nan" not in text
    for name in names:
        figures = stress.figures_of(scores[name])
        assert figures["steps_found"].met and figures["steps_invented"].met and figures["side"].met
        assert figures["tilt"].values["rmse"] < 1
    label = next(iter(scores["104 Hz"]))
    scores["104 Hz"][label]["invented"] = 9
    assert stress.missed({"104 Hz": scores["104 Hz"]}, []) == ["104 Hz"]
    assert "**" in stress.to_markdown({"104 Hz": scores["104 Hz"]}, []).splitlines()[-1]


def test_steps_before_the_run_count_as_invented(motion):
    made = variants.as_recorded(motion, np.random.default_rng(0))
    late = [s for s in made.truth["steps"] if s["on_s"] > 30]
    score = stress.score_made(variants.Made(made.t_s, made.rows, {**made.truth, "steps": late}))
    assert score["invented"] > 20


def test_who_limps_has_all_steps_their_sides_and_one_cadence():
    gaits = (limps.GAITS[0], limps.GAITS[3])
    scores = limps.score_limps(gaits, processes=1)
    even, lame = (scores[gait.name] for gait in gaits)
    assert max(s["third_harmonic"] for s in even.values()) < 0.1
    assert min(s["third_harmonic"] for s in lame.values()) > 0.5
    for score in (*even.values(), *lame.values()):
        assert score["found"] == score["true_steps"] and not score["invented"]
        assert score["side"]["right"] == score["side"]["n"]
        assert score["cadence"]["worst"] < 1.0 and not score["agreement"]["apart"]
    text = stress.to_markdown({"as recorded": {}}, [], scores)
    assert "2 gaits of 3 simulated people" in text and text.count(gaits[1].name) == 1
    assert stress.missed({}, [], scores) == []
    for score in lame.values():
        score["found"] -= 30
    assert stress.missed({}, [], scores) == [f"limp, {gaits[1].name}"]
    assert f"MISSED limp, {gaits[1].name}" in stress.to_text({}, [], scores)


def test_nothing_to_take_apart_is_one_line(tmp_path):
    with pytest.raises(FileError, match="no run with a pose"):
        stress.choose([])


def test_the_command_has_it(capsys):
    assert cli.run(["validate", "--help"]) == 0
    assert "--stress" in capsys.readouterr().out


def test_a_bend_is_not_a_rotation_of_the_pelvis(motion):
    """Without taking the way's own turn out, 90 degrees in 4 s read as 20 and more in each stride."""
    heading = np.radians(90) * variants._eased(motion.t_s, 25.0, 4.0)
    bent = variants._made(motion.yawed(heading, np.full(motion.samples, 3.0)))
    score = stress.score_made(bent)
    assert score["rotation_range_deg"]["rmse_steps"] < 3
    assert abs(score["rotation_range_deg"]["worst_step"]) < 10
