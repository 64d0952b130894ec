"""The page in a browser: every page by eye's measures (axe, width, themes), and a runner's way by mouse and by keys."""

import re

import pytest
from formclip.firmware.sources import libraries_here
from formclip.runs.store.about import about
from formclip.runs.store.pain import pains
from formclip.runs.store.plan import done
from formclip.runs.store.store import Store
from formclip.show.report.page import render
from formclip.show.report.story import Label
from formclip.show.ui.looks import MENU

from tests.show.browsing import THEMES, WIDTHS, Visitor, browser
from tests.show.served import CLIP, make_store, serving
from tests.show.test_report import busy_run

pytestmark = pytest.mark.long  # four minutes of a processor: `make test-long`

RUN = f"/run/{CLIP}/9"
PAGES = [path for path, _ in MENU] + [RUN, f"{RUN}/delete", f"/compare?a={CLIP}/1&b={CLIP}/9", "/job", "/nothing"]


@pytest.fixture(scope="module")
def started():
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def served(tmp_path_factory, started):
    folder = tmp_path_factory.mktemp("store")
    make_store(folder, 9)
    with serving(folder) as one:
        yield one


@pytest.fixture(scope="module")
def visitor(started, served):
    return Visitor(started, served)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_passes_axe_and_is_not_cut_off_in_any_width_and_theme(visitor, path):
    for width in WIDTHS:
        for theme in THEMES:
            visitor.look(width, theme)
            answer = visitor.go(path)
            assert answer.status == (404 if path == "/nothing" else 200)
            assert visitor.violations() == [], (width, theme)
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
            visitor.open_all()
            assert visitor.violations() == [], (width, theme, "all open")
            assert visitor.cut_off() == [], (width, theme)


@pytest.mark.parametrize("path", [path for path, _ in MENU])
def test_every_page_of_an_empty_record_passes_axe(started, tmp_path_factory, path):
    with serving(tmp_path_factory.mktemp("empty")) as one:
        visitor = Visitor(started, one)
        visitor.look(390, "light")
        visitor.go(path)
        assert visitor.violations() == [] and visitor.complaints == [] and visitor.cut_off() == []


def test_no_page_breaks_its_policy_or_asks_another_host(started, served):
    visitor = Visitor(started, served)
    for path in PAGES:
        if path != "/nothing":
            visitor.go(path)
    assert visitor.complaints == [] and visitor.elsewhere == []


def test_charts_of_a_first_visit_come_by_themselves(started, served):
    visitor = Visitor(started, served)
    visitor.page.goto(f"{visitor.root}/run/{CLIP}/3")
    assert "What to take from it" in visitor.page.inner_text("main")
    visitor.page.wait_for_selector(".plot[role=slider]")
    visitor.drawn()


def test_a_charts_value_is_read_at_the_pointer_and_at_the_keyboard(visitor):
    visitor.look(1400, "light")
    visitor.go(RUN)
    plot = visitor.page.locator("#time-cadence_spm .plot")
    out = visitor.page.locator("#time-cadence_spm .readout")
    plot.hover()
    middle = out.inner_text()
    assert re.fullmatch(r"\d+\.\d min: 1[67]\d steps/min \(1[67]\d to 1[67]\d\).*", middle)
    plot.focus()
    visitor.press("Home")
    first = out.inner_text()
    visitor.press("ArrowRight")
    second = out.inner_text()
    visitor.press("End")
    last = out.inner_text()
    minutes = [float(text.split(" ")[0]) for text in (first, second, middle, last)]
    assert minutes == sorted(minutes) and len(set(minutes)) == 4
    assert plot.get_attribute("aria-valuetext") == last and plot.get_attribute("role") == "slider"


def test_everything_but_charts_works_without_a_script(started, served):
    visitor = Visitor(started, served, java_script_enabled=False)
    page = visitor.page
    page.goto(f"{visitor.root}/run/{CLIP}/5")
    page.get_by_role("link", name="Show all of this run").click()
    assert page.locator(".plot svg").count() > 3
    page.get_by_label("Name").fill("Without a script")
    page.get_by_role("button", name="Save").click()
    assert page.locator("h1").inner_text() == "Without a script" and "Saved." in page.inner_text("main")


def test_the_report_passes_axe_prints_on_few_pages_and_is_not_cut_off(started, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(busy_run(), Label("Sunday long", ["Tue 3 Nov 2026, 07:15"])), encoding="utf-8")
    visitor = Visitor(started)
    for width in WIDTHS:
        for theme in THEMES:
            visitor.look(width, theme)
            visitor.page.goto(path.as_uri())
            visitor.open_all()
            assert visitor.violations() == [] and visitor.cut_off() == []
    visitor.page.goto(path.as_uri())
    visitor.page.locator("#time-cadence_spm .plot").focus()
    visitor.press("End")
    assert "steps/min" in visitor.page.locator("#time-cadence_spm .readout").inner_text()
    assert visitor.complaints == [] and visitor.elsewhere == []
    pages = len(re.findall(rb"/Type\s*/Page[^s]", visitor.page.pdf(format="A4")))
    assert 2 <= pages <= 4


def test_what_is_known_of_a_run_is_said_by_keyboard_alone(started, served):
    visitor = Visitor(started, served)
    visitor.page.goto(visitor.root + "/")
    visitor.tab_to(".skip")
    visitor.tab_to('a[href="/runs"]')
    visitor.press("Enter")
    visitor.page.wait_for_url("**/runs")
    visitor.tab_to(f'a[href="/run/{CLIP}/7"]')
    visitor.press("Enter")
    visitor.page.wait_for_url(f"**/run/{CLIP}/7")
    visitor.tab_to("#f-name")
    visitor.page.keyboard.type("By keys")
    visitor.tab_to("#f-note")
    visitor.page.keyboard.type("no mouse here")
    visitor.tab_to("form[action$='/about'] button")
    visitor.press("Enter")
    visitor.page.wait_for_selector("[role=status]")
    assert visitor.page.locator("h1").inner_text() == "By keys"
    store = Store(served.desk.store.folder)
    (said,) = [about(store, stored) for stored in store.sessions() if stored.number == 7]
    assert (said.name, said.note) == ("By keys", "no mouse here")


def test_pain_is_noted_and_a_plan_ticked_off_by_mouse(started, tmp_path):
    make_store(tmp_path, 2)
    with serving(tmp_path) as one:
        visitor = Visitor(started, one)
        page = visitor.page
        visitor.go("/pain")
        page.get_by_label("Low back, left").check()
        page.get_by_label("3", exact=True).check()
        page.get_by_label("None of these").check()
        page.get_by_role("button", name="Note it").click()
        page.locator("[role=status]", has_text="Noted.").wait_for()
        visitor.go("/plan")
        page.get_by_role("button", name="Begin these four weeks").click()
        page.locator("[role=status]", has_text="Begun").wait_for()
        page.locator('input[name="what"]').first.check()
        page.get_by_role("button", name="Keep what is ticked").click()
        page.locator("[role=status]", has_text="Kept for").wait_for()
        assert page.locator(".badge", has_text="done today").count() == 1
        store = Store(tmp_path)
        assert [(pain.places, pain.strength) for pain in pains(store)] == [(("low-back-left",), 3)]
        assert len(done(store)) == 1 and visitor.complaints == []


def test_pain_is_noted_and_a_plan_ticked_off_by_keys(started, tmp_path):
    make_store(tmp_path, 2)
    with serving(tmp_path) as one:
        visitor = Visitor(started, one)
        visitor.go("/pain")
        visitor.tab_to('input[value="knee"]')
        visitor.press("Space")
        visitor.tab_to('input[name="strength"]')
        visitor.press("Space", "ArrowRight", "ArrowRight")
        visitor.tab_to('input[name="no_flags"]')
        visitor.press("Space")
        visitor.tab_to('form[action="/pain"] button')
        visitor.press("Enter")
        visitor.page.locator("[role=status]", has_text="Noted.").wait_for()
        visitor.go("/plan")
        visitor.tab_to('form[action="/plan/start"] button')
        visitor.press("Enter")
        visitor.page.locator("[role=status]", has_text="Begun").wait_for()
        visitor.tab_to('input[name="what"]')
        visitor.press("Space")
        visitor.tab_to('form[action="/plan/done"] button')
        visitor.press("Enter")
        visitor.page.locator("[role=status]", has_text="Kept for").wait_for()
        store = Store(tmp_path)
        assert [(pain.places, pain.strength) for pain in pains(store)] == [(("knee",), 2)] and len(done(store)) == 1


# -- with a virtual clip -----------------------------------------------------------------------------------------------

pytest.importorskip("bumble", reason="the virtual radio needs bumble: make setup")

from tests.firmware.test_radio import air, blank, board, here, invited  # noqa: E402, F401

needs_clip = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")


def _done(page, words):
    page.locator(".marked", has_text=words).wait_for()


@needs_clip
def test_a_runners_way_by_mouse_from_an_empty_record(started, board, here, tmp_path):  # noqa: F811
    clip, _ = board(4, 2)
    with serving(tmp_path / "store") as one, clip:
        visitor = Visitor(started, one)
        page = visitor.page
        invited(clip)
        page.get_by_role("link", name="Go to Clip").click()
        assert page.get_by_label("First time on this computer").is_checked()
        page.get_by_role("button", name="Fetch runs").click()
        _done(page, "fetched")
        page.get_by_role("link", name="Look at the run").click()
        page.wait_for_selector(".plot[role=slider]")
        page.get_by_label("Name").fill("First of all")
        page.get_by_role("button", name="Save").click()
        assert page.locator("h1").inner_text() == "First of all"
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV files").click()
        assert download.value.suggested_filename.endswith(".zip")
        page.get_by_role("link", name="Clip", exact=True).click()
        page.get_by_label("Then squeeze the glutes").check()
        page.get_by_role("button", name="Calibrate").click()
        _done(page, "more than in neutral")
        page.get_by_label("Tilt cue (deg)").fill("8")
        page.get_by_role("button", name="Keep for the next sync").click()
        assert "One setting waits" in page.inner_text("[role=status]")
        page.get_by_role("button", name="Fetch runs").click()
        _done(page, "tilt_cue_deg is now 8")
        page.get_by_role("button", name="Watch").click()
        _done(page, "steps seen")
        page.get_by_role("button", name="Stop").click()
        _done(page, "stopped")
        assert visitor.complaints == [] and visitor.elsewhere == []
        assert len(Store(one.desk.store.folder).sessions()) == 2


@needs_clip
def test_a_runners_way_by_keys_from_an_empty_record(started, board, here, tmp_path):  # noqa: F811
    clip, _ = board(2)
    with serving(tmp_path / "store") as one, clip:
        visitor = Visitor(started, one)
        invited(clip)
        visitor.tab_to('a.button[href="/clip"]')
        visitor.press("Enter")
        visitor.page.wait_for_url("**/clip")
        visitor.tab_to('form[action="/clip/sync"] button')
        visitor.press("Enter")
        _done(visitor.page, "fetched")
        visitor.tab_to('a.button[href^="/run/"]')
        visitor.press("Enter")
        visitor.page.wait_for_selector(".plot[role=slider]")
        visitor.tab_to("#time-cadence_spm .plot")
        visitor.press("End")
        assert "steps/min" in visitor.page.locator("#time-cadence_spm .readout").inner_text()
        visitor.tab_to('a[href$="/delete"]')
        visitor.press("Enter")
        visitor.page.wait_for_url("**/delete")
        visitor.tab_to("button.careful")
        visitor.press("Enter")
        visitor.page.wait_for_url("**/runs*")
        assert "Thrown away" in visitor.page.inner_text("[role=status]")
