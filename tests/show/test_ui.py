"""The page without a script: what each page shows, and that every write works as a plain form."""

import io
import re
import threading
import time
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from formclip.lab.simulate import Scenario, simulate, write
from formclip.runs.redflags import RED_FLAGS
from formclip.runs.store.about import about, say
from formclip.runs.store.pain import PLACES, pains, standing
from formclip.runs.store.plan import done, plans
from formclip.runs.store.store import Store
from formclip.runs.sync.errors import NoClip
from formclip.show.ui import clip_page, example_page, import_page
from formclip.show.ui.example_page import store_folder
from formclip.show.ui.jobs import DONE, FAILED, RUNNING, STOPPED, Jobs
from formclip.show.ui.looks import MENU, index_stamp

from tests.ground import exports
from tests.made_runs import SUMMER, log_of, put
from tests.runs.test_merge import DATA, LOG, OTHER
from tests.show.served import CLIP, Client, make_store, serving

RUN = f"/run/{CLIP}/4"


def wait_for(job):
    done = threading.Event()
    while job.state == RUNNING:
        done.wait(0.05)
    return job


def test_every_page_of_an_empty_record_says_what_to_do(tmp_path):
    with serving(tmp_path) as one:
        client = Client(one)
        for path, _ in MENU:
            answer = client.get(path)
            assert answer.status == 200, path
            assert "no medical device" in answer.text and 'href="/clip"' in answer.text
        assert "No run yet" in client.get("/").text


def test_every_page_names_itself_and_is_in_the_menu(client):
    titles = set()
    for path, name in MENU:
        page = client.get(path).text
        title = re.findall(r"<title>(.*?)</title>", page)[0]
        titles.add(title)
        assert f'href="{path}" aria-current="page">{name}<' in page, path
        assert page.count("<h1") == 1 and '<main id="main"' in page and '<html lang="en">' in page
    assert len(titles) == len(MENU)


def test_home_says_the_last_run_in_three_sentences_and_what_to_act_on(client):
    page = client.get("/").text
    assert page.count("You ran for ") == 1 and "The clip cued" in page and "to the last third" in page
    assert page.index("To act on") < page.index("The last run") < page.index("Over the weeks")
    assert "comes back" in page and RUN in page


def test_a_run_is_there_at_once_in_words_and_then_whole(served, client):
    first = client.get(f"/run/{CLIP}/1").text
    assert "You ran for " in first and f'hx-get="/run/{CLIP}/1/rest"' in first and "All figures" not in first
    assert f'href="/run/{CLIP}/1?whole=1"' in re.search(r"<noscript>.*?</noscript>", first, re.S)[0]
    rest = client.get(f"/run/{CLIP}/1/rest").text
    assert "All figures" in rest and "<svg aria-hidden" not in rest
    names = re.findall(r'hx-get="(/charts/[0-9a-f]+)"', rest)
    assert len(names) == 3
    drawn = client.get(names[0]).text
    assert drawn.count('<div class="plot" tabindex="0"') >= 2 and "<svg" in drawn
    again = client.get(f"/run/{CLIP}/1").text
    assert "/rest" not in again and again.count("data-chart=") >= 2


def test_a_run_is_whole_without_a_script(client):
    page = client.get(f"/run/{CLIP}/2?whole=1").text
    assert page.count("data-chart=") == page.count('<details class="behind">') >= 10 and "is being drawn" not in page


def test_what_is_said_of_a_run_is_kept_and_shown(served, client):
    fields = {
        "name": "Hill repeats", "kind": "hills", "surface": "trail", "shoes": "red", "note": "First\r\nsecond",
        "distance_km": "7,5", "at": "2026-06-02T07:15",
    }  # fmt: skip
    answer = client.write(f"{RUN}/about", **fields)
    assert answer.status == 303 and answer.place.startswith(RUN)
    page = client.get(answer.place).text
    assert "Saved." in page and "<h1>Hill repeats</h1>" in page and "7.50 km as you said" in page
    store = Store(served.desk.store.folder)
    said = about(store, next(s for s in store.sessions() if s.number == 4))
    assert (said.kind, said.surface, said.shoes, said.note) == ("hills", "trail", "red", "First\nsecond")
    assert said.distance_m == 7500 and "2 Jun 2026, 07:15" in page


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("distance_km", "far", "is no distance"),
        ("distance_km", "0.001", "give 0.05 to 500 km"),
        ("kind", "stroll", "no kind of run"),
        ("at", "yesteryear", "is no date"),
        ("name", "x" * 81, "80"),
    ],
)
def test_what_cannot_be_said_is_told_and_nothing_is_lost(served, client, field, value, told):
    store = Store(served.desk.store.folder)
    third = next(s for s in store.sessions() if s.number == 3)
    before = about(store, third)
    answer = client.write(f"/run/{CLIP}/3/about", **{"name": "kept", field: value})
    assert answer.status == 400 and told.lower() in answer.text.lower() and "was not done" in answer.text
    assert about(store, third) == before


def test_a_run_is_hidden_and_shown_again(client):
    path = f"/run/{CLIP}/3"
    assert client.write(f"{path}/hide", hidden="1").status == 303
    assert f'href="{path}"' not in client.get("/runs").text and f'href="{path}"' in client.get("/runs?hidden=1").text
    assert client.write(f"{path}/hide", hidden="0").status == 303
    assert f'href="{path}"' in client.get("/runs").text


def test_a_run_is_thrown_away_only_when_asked_twice_and_comes_back(client):
    path = f"/run/{CLIP}/2"
    assert "30 days" in client.get(f"{path}/delete").text and client.get(path).status == 200
    assert client.write(f"{path}/delete").status == 303
    assert client.get(path).status == 404 and f"{path}/back" in client.get("/runs").text
    assert client.write(f"{path}/back").place.startswith(path)
    assert client.get(path).status == 200


def test_a_run_is_given_out_as_fit_and_csv(client):
    fit = client.get(f"/run/{CLIP}/1/export/fit")
    assert fit.data[8:12] == b".FIT" and "attachment" in fit.headers["Content-Disposition"]
    packed = zipfile.ZipFile(io.BytesIO(client.get(f"/run/{CLIP}/1/export/csv").data))
    assert any(name.endswith(".csv") for name in packed.namelist())


def test_settings_wait_for_the_next_sync_and_one_out_of_range_is_refused(served, client):
    page = client.get("/clip").text
    assert 'name="tilt_cue_deg"' in page and "3 to 12" in page
    answer = client.write("/clip/settings", clip=CLIP, tilt_cue_deg="8", warmup_s="180", cue_arch="off")
    assert answer.status == 303
    assert Store(served.desk.store.folder).wanted(CLIP) == {"tilt_cue_deg": 8, "cue_arch": 0}
    assert "tilt_cue_deg = 8" in client.get("/clip").text and "2 settings wait" in client.get("/").text
    refused = client.write("/clip/settings", clip=CLIP, tilt_cue_deg="45")
    assert refused.status == 400 and "tilt_cue_deg" in refused.text and "3 to 12" in refused.text
    assert Store(served.desk.store.folder).wanted(CLIP)["tilt_cue_deg"] == 8
    assert client.write("/clip/settings", clip="nobody", tilt_cue_deg="5").status == 400


def test_no_mode_that_cues_is_set_while_a_red_flag_stands(tmp_path):
    make_store(tmp_path, 2)
    with serving(tmp_path) as one:
        client = Client(one)
        client.write("/pain", strength="6", places="hip", flags="sharp")
        refused = client.write("/clip/settings", clip=CLIP, mode="metronome")
        assert refused.status == 400 and "ueing is off: you noted" in refused.text
        assert Store(tmp_path).wanted(CLIP) == {}


def test_of_several_clips_one_can_be_chosen(tmp_path, monkeypatch):
    asked = []

    async def nobody(clip, *_):
        asked.append(clip)
        raise NoClip("no clip in reach", "press the clip's button to wake it")

    monkeypatch.setattr("formclip.runs.sync.rounds.find_clips", nobody)
    monkeypatch.setattr("formclip.runs.sync.reach.find_clips", nobody)
    store = make_store(tmp_path, 1)
    with serving(tmp_path) as one:
        client = Client(one)
        assert 'name="clip"><option value="">' not in client.get("/clip").text
        store.know_clip("formclip-0002", "CC:DD", "")
        page = client.get("/clip").text
        assert page.count("<option>formclip-0002</option>") == 3
        for path in ("/clip/sync", "/clip/calibrate", "/clip/live"):
            client.write(path, clip="formclip-0002")
            wait_for(one.desk.jobs.current)
    assert asked == ["formclip-0002"] * 3


def test_two_runs_are_compared_and_days_that_hold_none_are_told(client):
    page = client.get(f"/compare?a={CLIP}/1&b={CLIP}/3").text
    assert "B less A" in page and page.count("<tr>") > 8
    assert "no run in" in client.get(f"/compare?a=1999-01-01..1999-02-01&b={CLIP}/1").text.lower()


def test_trends_of_other_days_and_of_days_that_are_none(client):
    assert "no run in these days" in client.get("/trends?since=2030-01-01").text
    assert client.get("/trends?since=soon").status == 400


def test_a_log_is_looked_at_and_taken_in_with_its_own_date(served, client):
    answer = client.upload("copy.fclog", log_of(200.0, SUMMER + 40 * 86400, seed=9))
    page = client.get(answer.place).text
    assert "clip&#39;s own log" in page or "clip's own log" in page
    kept = client.write(answer.place, what="keep")
    assert kept.status == 303 and kept.place == "/job"
    job = wait_for(served.desk.jobs.current)
    assert job.state == DONE, job.said
    assert job.lead[0].startswith("/run/added/") and client.get(job.lead[0]).status == 200
    assert job.lead[0] in client.get("/job").text
    assert client.get(answer.place).status == 404


def test_a_recording_is_looked_at_corrected_and_kept(served, client, tmp_path):
    path, _, _ = write(tmp_path / "phone", Scenario(minutes=1.5), 3)
    answer = client.upload("phone.imu.csv.xz", path.read_bytes())
    page = client.get(answer.place).text
    assert "acc_x_g" in page and "Nothing is kept yet" in page and "1 g is right" in page
    again = client.get(answer.place + "?rate=abc").text
    assert "could not be read like this" in again
    job = wait_for_keep(served, client, answer.place, at="2026-07-01T07:15")
    assert job.state == DONE, job.said
    assert "1 Jul 2026, 07:15" in client.get(job.lead[0]).text


def wait_for_keep(served, client, place, **fields):
    assert client.write(place, what="keep", **fields).status == 303
    return wait_for(served.desk.jobs.current)


def two_files(acc_scale=1.0):
    """A run as an app gives it that writes accelerometer and gyroscope apart."""
    made = simulate(Scenario(minutes=0.6, rate_hz=104), seed=1)
    run = exports.Run(np.arange(len(made.acc_g)) / 104, acc_scale * made.acc_g, made.gyr_dps)
    return [text.encode() for text in exports.phyphox_apart(run)]


@pytest.mark.long  # three processes of formclip: its parts are tested apart each time
def test_a_recording_in_two_files_is_one_and_what_is_doubtful_of_it_is_told_before_and_after(tmp_path):
    acc, gyr = two_files(0.5)
    with serving(tmp_path) as one:
        client = Client(one)
        place = client.upload("data.csv", gyr, also=[("data.csv", acc)]).place
        page = client.get(place).text
        assert "2-data.csv and data.csv" in page and "Gyroscope x (rad/s)" in page and "Acceleration x (m/s^2)" in page
        assert "Doubtful: 1 g reads 0.50 g" in page and "Put right what can be put right" in page
        job = wait_for_keep(one, client, place, at="2026-07-01T07:15")
        assert job.state == DONE, job.said
        page = client.get(job.lead[0] + "?whole=1").text
        assert "Doubtful: 1 g reads 0.50 g" in page and "Left empty for it:" in page and "--fix" not in page


def test_what_can_be_put_right_is_put_right_when_it_is_ticked(served, client, monkeypatch):
    asked = []

    def stands_in(words):
        asked.append(words)
        return [{"session": f"{CLIP}/1", "new": True}]

    monkeypatch.setattr(import_page, "_asked", stands_in)
    for fields in ({}, {"fix": "1"}):
        place = client.upload("acc.csv", b"1", also=[("gyr.csv", b"2")]).place
        assert wait_for_keep(served, client, place, at="2026-07-02T07:15", **fields).state == DONE
    assert ["--fix" in words for words in asked] == [False, True]
    assert [Path(word).name for word in asked[0][-2:]] == ["acc.csv", "gyr.csv"] and asked[0][-3] == "--"


def test_files_that_are_not_of_one_recording_are_told_apart(served, client):
    acc, gyr = two_files()
    log = log_of(200.0, SUMMER + 41 * 86400, seed=11)
    for files, told in (
        ([("a.csv", acc), ("b.csv", acc)], "2 recordings"),
        ([("a.csv", acc), ("run.fclog", log)], "run.fclog is a whole run by itself"),
        ([("w.fit", DATA), ("a.csv", acc)], "w.fit is a whole run by itself"),
    ):
        place = client.upload(*files[0], also=files[1:]).place
        page = client.get(place).text
        assert told in page and "Correct it" not in page and "Keep it<" not in page and "Drop it" in page
    many = client.upload("1.csv", acc, also=[(f"{n}.csv", b"x") for n in range(2, 6)])
    assert many.status == 400 and "5 files were chosen" in many.text


def test_a_watchs_file_is_put_beside_its_run_and_another_is_refused(tmp_path):
    store = Store(tmp_path)
    put(store, CLIP, 1, LOG)
    with serving(tmp_path) as one:
        client = Client(one)
        other = client.upload("other.fit", OTHER)
        assert "A watch's file" in client.get(other.place).text.replace("&#39;", "'")
        job = wait_for_keep(one, client, other.place, run=f"{CLIP}/1")
        assert job.state == FAILED, job.said
        assert job.said[-1].startswith("other.fit: ") and "agree by" in job.said[-1]
        assert client.get(other.place).status == 200, "what was refused is still there"
        place = client.upload("run.fit", DATA).place
        assert f'<option value="{CLIP}/1">' in client.get(place).text
        job = wait_for_keep(one, client, place, run=f"{CLIP}/1")
        assert job.state == DONE, job.said
        page = client.get(job.lead[0] + "?whole=1").text
        assert "by your watch" in page and "With your watch" in page, re.findall(r"With your watch.*?<form", page, re.S)
        assert client.get(job.lead[0] + "/export/fit").data[8:12] == b".FIT"
        assert client.write(job.lead[0] + "/apart").status == 303
        assert "by your watch" not in client.get(job.lead[0]).text


def test_a_red_flag_stands_at_the_top_everywhere_until_a_clinician_has_seen_it(tmp_path):
    make_store(tmp_path, 2)
    with serving(tmp_path) as one:
        client = Client(one)
        page = client.get("/pain").text
        assert page.count('name="places"') == len(PLACES) and page.count('name="flags"') == len(RED_FLAGS)
        assert page.count('name="strength"') == 11 and "Nothing is noted yet" in page and "Too few to tell" in page
        answer = client.write(
            "/pain", strength="6", places="low-back-left", flags="numb", moment="after", lasted_h="2,5"
        )
        assert answer.status == 303
        page = client.get("/pain").text
        assert "Seek care now: a numb saddle area" in page and "Low back, left" in page and "2.5 h" in page
        assert "the button on Pain restores" in page and "formclip pain" not in page
        home = client.get("/").text
        assert "A red flag stands" in home and home.index("A red flag") < home.index("The last run")
        (pain,) = pains(Store(tmp_path))
        assert client.write("/pain/remove", entry=str(pain.id)).status == 303
        page = client.get("/pain").text
        assert "Nothing is noted yet" in page and "Seek care now" in page, "taken out, and it stands on"
        assert client.write("/pain/resume").status == 303
        assert "Seek care now" not in client.get("/pain").text and not standing(Store(tmp_path))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"strength": "3", "places": "knee"}, "red-flag questions"),
        ({"strength": "3", "no_flags": "1"}, "nowhere"),
        ({"strength": "11", "places": "knee", "no_flags": "1"}, "0 to 10"),
        ({"places": "knee", "no_flags": "1"}, "0 to 10"),
        ({"strength": "3", "places": "elbow", "no_flags": "1"}, "place is called"),
        ({"strength": "3", "places": "knee", "no_flags": "1", "lasted_h": "long"}, "number of hours"),
        ({"strength": "0", "at": "soon"}, "is no date"),
    ],
)
def test_pain_that_cannot_be_noted_is_told_and_not_kept(served, client, fields, told):
    before = pains(Store(served.desk.store.folder))
    answer = client.write("/pain", **fields)
    assert answer.status == 400 and told in answer.text.replace("&#39;", "'")
    assert pains(Store(served.desk.store.folder)) == before


def test_a_day_without_pain_is_noted_by_its_strength_alone(tmp_path):
    with serving(tmp_path) as one:
        client = Client(one)
        assert client.write("/pain", strength="0").status == 303
        assert "no pain" in client.get("/pain").text and [p.strength for p in pains(Store(tmp_path))] == [0]


def test_a_plan_is_begun_ticked_off_screened_and_ended(tmp_path):
    make_store(tmp_path, 3)
    with serving(tmp_path) as one:
        client = Client(one)
        assert "Begin a plan" in client.get("/").text
        assert "Begin these four weeks" in client.get("/plan").text
        assert client.write("/plan/start").status == 303
        page = client.get("/plan").text
        assert "Week 1 of 4" in page and 'value="squat"' in page
        assert "no strength" not in client.get("/").text and "week 1 of 4" in client.get("/").text
        answer = client.write("/plan/done", what="squat", at="today")
        assert answer.status == 303 and "done today" in client.get("/plan").text
        assert "one strength session" in client.get("/").text
        assert client.write("/plan/done", what="flying").status == 400
        assert client.write("/plan/done").status == 400
        assert client.write("/plan/screen", name="plank", result="45").status == 303
        assert "45 s" in client.get("/plan").text
        assert client.write("/plan/screen", name="plank", result="long").status == 400
        assert client.write("/plan/stop").status == 303 and client.write("/plan/stop").status == 400
        assert [(d.what, len(plans(Store(tmp_path)))) for d in done(Store(tmp_path))] == [(("squat",), 1)]


def test_no_plan_is_begun_while_a_red_flag_stands(tmp_path):
    make_store(tmp_path, 2)
    with serving(tmp_path) as one:
        client = Client(one)
        client.write("/pain", strength="6", places="hip", flags="sharp")
        page = client.get("/plan").text
        assert "No exercises while a red flag stands" in page and "Begin these" not in page
        for never in ("Run 20 to 30 %", "This week", "strength sessions", "Screens"):
            assert never not in page, never
        home = client.get("/").text
        assert "A red flag stands" in home and "Begin a plan" not in home and "comes back" not in home
        assert client.write("/plan/start").status == 400 and not plans(Store(tmp_path))


def test_the_example_is_a_store_of_its_own_marked_on_every_page_until_it_is_closed(tmp_path):
    with serving(tmp_path) as one:
        client = Client(one)
        assert "Make the example" in client.get("/").text
        make_store(store_folder(one.desk), 3)
        (tmp_path / ".example" / "whole").touch()
        assert "Open the example" in client.get("/").text
        assert client.write("/example/open").status == 303
        for path, _ in MENU:
            page = client.get(path).text
            assert "None of these runs is yours" in page and "Back to my own record" in page, path
        assert RUN.replace("/4", "/3") in client.get("/runs").text
        assert client.write("/example/close").status == 303
        page = client.get("/runs").text
        assert "None of these runs" not in page and "There is no run yet" in page
        assert Store(tmp_path).sessions() == []


def test_an_example_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(example_page, "_MAKE", "print(1, flush=True); raise SystemExit('the disk is full')")
    with serving(tmp_path) as one:
        client = Client(one)
        assert client.write("/example/make").place == "/job"
        job = wait_for(one.desk.jobs.current)
        assert job.state == FAILED and "the disk is full" in job.said[-1] and (job.done, job.total) == (1, 24)
        assert "Make the example" in client.get("/").text


def test_load_tells_a_spike_first_on_its_page_and_at_home(tmp_path):
    store, began = Store(tmp_path), round(time.time()) - 50 * 86400
    for number, minutes in enumerate((4, 4, 4, 9), 1):
        stored = put(store, CLIP, number, log_of(60.0 * minutes, began + 12 * 86400 * number, seed=number))
        say(store, stored, distance_m=200.0 * minutes)
    with serving(tmp_path) as one:
        client = Client(one)
        page = client.get("/load").text
        assert "125 % longer than the longest run of the 30 days before" in page and "no acute:chronic ratio" in page
        assert page.index("125 %") < page.index("Week by week")
        assert "A run much longer than those of late" in client.get("/").text


def test_a_double_click_is_done_once(tmp_path, monkeypatch):
    """The browser sends the form twice; a page that is shown anew sends another number."""
    make_store(tmp_path, 1)
    with serving(tmp_path) as one:
        client = Client(one)
        number = re.search(r'name="once" value="(\w+)"', client.get("/pain").text)[1]
        fields = {"strength": "3", "places": "knee", "no_flags": "1", "moment": "after", "once": number}
        both = [client.write("/pain", **fields), client.write("/pain", **fields)]
        assert [answer.place for answer in both] == ["/pain?said=Noted."] * 2
        assert len(pains(Store(tmp_path))) == 1
        assert client.write("/pain", **{**fields, "strength": "4"}).status == 303, "the same page, filled in anew"
        assert client.write("/pain", **{**fields, "once": "another"}).status == 303
        assert len(pains(Store(tmp_path))) == 3
        go = threading.Event()
        monkeypatch.setattr(Jobs, "stop", lambda jobs: go.wait(30))
        answers = []
        pressed = [
            threading.Thread(target=lambda: answers.append(client.write("/clip/stop", once="7"))) for _ in range(2)
        ]
        for thread in pressed:
            thread.start()
        go.set()
        for thread in pressed:
            thread.join(30)
        assert [answer.place for answer in answers] == ["/clip", "/clip"]


def test_a_plan_that_is_under_way_is_not_begun_again(tmp_path):
    make_store(tmp_path, 1)
    with serving(tmp_path) as one:
        client = Client(one)
        for said in ("Begun", "A plan is under way already"):
            assert said in unquote(client.write("/plan/start").place)
        assert len(plans(Store(tmp_path))) == 1


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"{RUN}/about", {"at": "2062-05-01T07:15"}),
        ("/pain", {"strength": "0", "at": "2062-05-01T07:15"}),
        ("/plan/done", {"what": "squat", "at": "2062-05-01"}),
    ],
)
def test_a_day_that_has_not_come_yet_is_refused(served, client, path, fields):
    """A slip of the year would stand first in every list."""
    answer = client.write(path, **fields)
    assert answer.status == 400 and "2062-05-01 has not come yet" in answer.text


def test_a_record_whose_every_run_is_hidden_says_how_to_see_them(tmp_path):
    make_store(tmp_path, 1)
    with serving(tmp_path) as one:
        client = Client(one)
        assert "1 run, the latest first" in client.get("/runs").text
        client.write(f"/run/{CLIP}/1/hide", hidden="1")
        page = client.get("/runs").text
        assert "Every run here is hidden" in page and 'href="/runs?hidden=1"' in page
        assert f"/run/{CLIP}/1" in client.get("/runs?hidden=1").text


def test_an_error_is_told_in_the_pages_own_words(served, client):
    answer = client.write("/plan/stop")
    assert answer.status == 400 and "“Begin these four weeks” on Plan begins one" in answer.text
    assert "formclip plan" not in answer.text.lower()


def test_a_week_that_is_under_way_makes_no_point_of_the_line(tmp_path):
    """On its Monday it would fall to 0, as if the runner had stopped."""
    store, day = Store(tmp_path), datetime.now().replace(hour=0, minute=5, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    for number in range(1, 5):
        began = (monday - timedelta(weeks=number)).timestamp()
        say(store, put(store, CLIP, number, log_of(360.0, round(began), seed=number)), distance_m=1000.0 * number)
    with serving(tmp_path) as one:
        page = Client(one).get("/load").text
    (table,) = re.findall(r"<caption>Distance of each week.*?</table>", page, re.S)
    assert re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', table)[-1][1] == "1.0", table


def test_what_cannot_be_told_of_cues_is_said_once(tmp_path):
    store = Store(tmp_path)
    for number in range(1, 4):
        put(store, CLIP, number, log_of(200.0, SUMMER + 86400 * number, seed=number, cues=[(100.0, 1)]))
    with serving(tmp_path) as one:
        page = Client(one).get("/trends").text
    (told,) = re.findall(r"<h2>What your cues did</h2>(.*?)<h2>Other days", page, re.S)
    items = re.findall(r"<li>(.*?)</li>", told)
    assert len(items) == len(set(items))


def test_a_file_that_is_none_is_told_and_can_be_dropped(served, client):
    answer = client.upload("letter.txt", b"Dear runner,\nthis is no recording.\n")
    page = client.get(answer.place).text
    assert "could not be read like this" in page and "Traceback" not in page
    assert client.write(answer.place, what="drop").status == 303
    assert client.get(answer.place).status == 404


def test_import_without_a_file_is_told(client):
    answer = client.upload("", b"")
    assert answer.status == 400 and "no file was chosen" in answer.text.lower()


def test_one_job_at_a_time_and_one_that_fails_says_so():
    jobs = Jobs()
    go = threading.Event()
    first = jobs.start("a", "First", lambda job: go.wait(30) and None)
    with pytest.raises(Exception, match="still running"):
        jobs.start("b", "Second", lambda job: None)
    go.set()
    assert wait_for(first).state == DONE

    def fails(job):
        raise KeyError("x")

    failed = wait_for(jobs.start("c", "Third", fails))
    assert failed.state == FAILED and "KeyError" in failed.said[-1]
    stopped = jobs.start("d", "Fourth", lambda job: job.stop.wait(30) and None)
    jobs.stop()
    assert wait_for(stopped).state == STOPPED


def test_a_job_is_followed_as_events_until_it_ends(served, client):
    go = threading.Event()

    def work(job):
        job.say("line <one>")
        go.wait(30)

    served.desk.jobs.start("x", "Follows", work)
    threading.Timer(0.6, go.set).start()
    text = client.get("/job/events").text
    assert text.count("event: job") >= 2 and "Line &lt;one&gt;" in text and text.rstrip().endswith("event: end\ndata:")


def test_a_clip_that_is_not_there_is_told_with_the_next_step(served, client, monkeypatch):
    from formclip.runs.sync import reach

    async def nobody(*_, **__):
        raise NoClip("no clip in reach", "press the clip's button to wake it")

    monkeypatch.setattr("formclip.runs.sync.rounds.find_clips", nobody)
    monkeypatch.setattr(reach, "find_clips", nobody)
    for path in ("/clip/sync", "/clip/calibrate", "/clip/live"):
        assert client.write(path).status == 303
        job = wait_for(served.desk.jobs.current)
        assert job.state == FAILED and "press the clip's button" in job.said[-1]
        assert "no clip in reach" in client.get("/clip").text.lower()


def test_what_another_process_writes_is_seen(served, client):
    store = Store(served.desk.store.folder)
    before = index_stamp(store)
    put(store, CLIP, 77, log_of(200.0, SUMMER + 50 * 86400, seed=77))
    assert index_stamp(store) != before
    assert f"/run/{CLIP}/77" in client.get("/runs").text


def test_pages_are_read_while_another_process_syncs(served, client):
    store = Store(served.desk.store.folder)
    with store.syncing(CLIP), store.index() as index:
        index.execute("BEGIN IMMEDIATE")
        for path in ("/", "/runs", RUN, "/trends", "/clip"):
            assert client.get(path).status == 200, path
        index.execute("COMMIT")


def test_a_log_that_rots_is_told_on_its_page(tmp_path):
    store = make_store(tmp_path, 2)
    store.sessions()[0].path.write_bytes(b"rot")
    with serving(tmp_path) as one:
        client = Client(one)
        page = client.get(f"/run/{CLIP}/1").text
        assert "can&#39;t be read" in page or "can't be read" in page
        assert "store check" in page and client.get("/").status == 200


def test_many_new_logs_are_read_beside_the_page_which_says_how_far_it_is(tmp_path):
    store = make_store(tmp_path, 22)
    for stored in store.sessions()[:2]:
        stored.path.write_bytes(b"rot")
    with serving(tmp_path) as one:
        client = Client(one)
        first = client.get("/")
        assert first.status == 503 and "read for the first time" in first.text and 'content="2"' in first.text
        assert client.get("/about").status == 200
        one.desk._reader.join(120)
        assert client.get("/").status == 200 and client.get("/runs").status == 200
        assert one.desk._read >= 40, "each for its line and for its figures"


def test_the_last_minute_is_drawn_from_what_the_clip_tells():
    from formclip.runs.sync.live import Minute

    minute = Minute()
    minute.cadence.extend([(1.0, 160.0), (31.0, 170.0), (61.0, 165.0)])
    told = clip_page._last_minute(minute)
    (line,) = told["lines"]
    assert line["value"] == "165" and line["path"] == "0.0,48.0 150.0,8.0 300.0,28.0"


def test_a_form_that_is_older_than_what_another_tab_saved_takes_nothing_of_it_away(served, client):
    page = client.get(RUN).text
    was = dict(re.findall(r'type="hidden" name="(was_[a-z_]+)" value="([^"]*)"', page))
    assert set(was) >= {"was_name", "was_note", "was_distance_km", "was_at"}
    shown = {name.removeprefix("was_"): value for name, value in was.items()}
    client.write(f"{RUN}/about", **{**was, **shown, "name": "first", "note": "by the first", "distance_km": "7.5"})
    client.write(f"{RUN}/about", **{**was, **shown, "shoes": "blue", "note": "by the second"})
    store = Store(served.desk.store.folder)
    said = about(store, next(s for s in store.sessions() if s.number == 4))
    assert (said.name, said.shoes, said.distance_m) == ("first", "blue", 7500)
    assert said.note == "by the first\nby the second"
