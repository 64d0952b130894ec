"""The page in a browser: every page by eye's measures (axe, width, themes), and a runner's way by mouse and by keys."""

import itertools
import re
import time
from pathlib import Path

import pytest
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual.run import sensor_rows
from formclip.lab.simulate import Episode, Scenario, write
from formclip.runs.insight.history import history
from formclip.runs.store.about import about
from formclip.runs.store.pain import pains
from formclip.runs.store.plan import done
from formclip.runs.store.store import Store
from formclip.show.report.page import render
from formclip.show.report.story import Label
from formclip.show.ui import example_page
from formclip.show.ui.looks import MENU

from tests.runs.test_merge import DATA, LOG
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


@pytest.fixture(scope="module")
def example(tmp_path_factory, started):
    """The page with the example open, made through the page: its first three runs."""
    with serving(tmp_path_factory.mktemp("own")) as one, pytest.MonkeyPatch.context() as patched:
        patched.setattr(example_page, "_RUNS", 3)
        visitor = Visitor(started, one)
        visitor.page.get_by_role("button", name="Make the example").click()
        visitor.page.get_by_role("link", name="Go to Home and open it").click(timeout=600_000)
        visitor.page.get_by_role("button", name="Open the example").click()
        visitor.page.locator(".example").wait_for()
        yield visitor


@pytest.mark.parametrize("path", [path for path, _ in MENU] + ["last run"])
def test_every_page_of_the_example_says_so_and_passes_axe(example, path):
    example.go("/")
    if path == "last run":
        path = example.page.get_by_role("link", name="All of this run").get_attribute("href")
    for look in itertools.product(WIDTHS, THEMES):
        example.look(*look)
        example.go(path)
        example.drawn()
        assert example.page.locator(".example", has_text="None of these runs is yours").is_visible()
        example.open_all()
        assert example.violations() == [] and example.cut_off() == [], look
    assert example.complaints == []


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


# -- with a virtual clip -----------------------------------------------------------------------------------------------

pytest.importorskip("bumble", reason="the virtual radio needs bumble: make setup")

from formclip.firmware.virtual.radio import prepared  # noqa: E402

from tests.firmware.test_radio import air, blank, board, here, invited  # noqa: E402, F401

needs_clip = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")


class Mouse:
    """A runner with a mouse. In: selectors of what is meant."""

    def __init__(self, visitor):
        self.visitor, self.page = visitor, visitor.page

    def press(self, selector):
        self.page.locator(selector).first.click()

    tick = press

    def write(self, selector, text):
        self.page.locator(selector).first.fill(text)

    def read(self, plot):
        """A chart's value, in its middle."""
        self.page.locator(plot).hover()

    def choose(self, selector, path):
        with self.page.expect_file_chooser() as chooser:
            self.press(selector)
        chooser.value.set_files(path)


class Keys(Mouse):
    """The same runner without one: Tab to what is meant, then a key."""

    def press(self, selector, key="Enter"):
        self.visitor.tab_to(selector, 200)
        self.visitor.press(key)

    def tick(self, selector):
        self.press(selector, "Space")

    def write(self, selector, text):
        self.visitor.tab_to(selector, 200)
        self.visitor.press("Control+a")
        self.page.keyboard.type(text)

    def read(self, plot):
        self.press(plot, "End")


def _done(page, words):
    """The job has said it; what it said instead, where it could not."""
    found = page.locator(".marked", has_text=words)
    found.or_(page.locator(".marked", has_text="not done")).first.wait_for()
    assert found.count(), page.inner_text(".marked")


def _until(so):
    """Wait for it, and look twenty times a second: two minutes at the most, on a machine that others use."""
    ends = time.monotonic() + 120
    while not so():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


def _differ(page, name, count=2):
    """The values of a figure that the live view shows, until there are so many."""
    seen, line = set(), page.locator(".live p", has_text=name).locator("b")
    line.or_(page.locator(".badge", has_text="not done")).first.wait_for()
    assert line.count(), page.inner_text(".marked")
    _until(lambda: seen.add(line.inner_text()) or len(seen) >= count)
    return sorted(map(float, seen))


@pytest.fixture(scope="module")
def runners_trace(tmp_path_factory):
    """A runner who stands, then runs with a back that is arched more and more, as the clip's sensor reads her."""
    folder = tmp_path_factory.mktemp("runner")
    arched = Episode(kind="arch", start_s=30.0, end_s=60.0, tilt_deg=8.0)
    path, _, _ = write(folder / "run", Scenario(minutes=1.2, episodes=(arched,)), 5)
    sensor_rows(path, folder / "rows.bin")
    return folder / "rows.bin"


@needs_clip
@pytest.mark.parametrize(
    ("hand", "first", "then"),
    [(Mouse, (1400, "light"), (390, "dark")), (Keys, (390, "light"), (1400, "dark"))],
    ids=["by mouse", "by keys"],
)
def test_a_runners_whole_way_from_an_empty_record(
    started, board, here, tmp_path, runners_trace, hand, first, then  # noqa: F811
):  # fmt: skip
    """Sync, calibrate, a run seen live, pain, plan, the watch's file beside its run, export: in one go."""
    clip, _ = board()
    prepared.put_log(clip.out / "drive.img", LOG)
    (tmp_path / "watch.fit").write_bytes(DATA)
    with serving(tmp_path / "store") as one:
        visitor = Visitor(started, one)
        visitor.look(*first)
        page, me, store = visitor.page, hand(visitor), Store(tmp_path / "store")

        def go(path):
            me.press(f'nav a[href="{path}"]')
            page.wait_for_url(f"**{path}")

        def told(words):
            page.locator("[role=status]", has_text=words).wait_for()

        # the clip is new here, and brings a run
        assert "No run yet" in page.inner_text("main")
        me.press('a.button[href="/clip"]')
        page.wait_for_url("**/clip")
        with clip:
            invited(clip)
            assert page.get_by_label("First time on this computer").is_checked()
            me.press('form[action="/clip/sync"] button')
            _done(page, "fetched")
            me.tick('input[name="squeeze"]')
            me.press('form[action="/clip/calibrate"] button')
            _done(page, "more than in neutral")
            me.write("#s-tilt_cue_deg", "8")
            me.press('form[action="/clip/settings"] button')
            told("One setting waits")
            me.press('form[action="/clip/sync"] button')
            _done(page, "tilt_cue_deg is now 8")
        # she runs on a treadmill beside the computer
        clip.trace, clip.more = runners_trace, {"speed": "max", "events": [(14.0, "pace", 1)]}
        with clip:
            _until(lambda: clip.happened("pace"))
            me.press('form[action="/clip/live"] button')
            assert all(150 < spm < 200 for spm in _differ(page, "Cadence"))
            tilts = _differ(page, "Tilt", 8)
            assert tilts[-1] - tilts[0] > 0.5 and page.locator(".live svg polyline").count() == 2
            me.press('form[action="/clip/stop"] button')
            _done(page, "stopped")
            clip.event("pace", 0)  # the rest of her run goes by; while she runs, the clip would begin another
            clip.event("pace", 1, 90.0)
            _until(lambda: len(clip.happened("pace")) >= 3)
            pressed = len(clip.happened("button"))
            clip.press("short")
            _until(lambda: len(clip.happened("button")) >= pressed + 2)
            _until(
                lambda: clip.happened("motor")[-1][0] > clip.happened("button")[-1][0]
            )  # it says that it has stopped
            me.press('form[action="/clip/sync"] button')
            _done(page, "fetched")
            me.press('.marked a[href^="/run/"]')
            page.wait_for_selector(".plot[role=slider]")
        visitor.drawn()
        assert [stored.number for stored in store.sessions()] == [1, 2]
        assert len(history(store).entries[-1].digest.minutes["t_s"]) >= 1
        visitor.look(*then)
        me.read("#time-cadence_spm .plot")
        assert "steps/min" in page.locator("#time-cadence_spm .readout").inner_text()
        me.write("#f-name", "Seen live")
        me.press("form[action$='/about'] button")
        told("Saved.")
        assert page.locator("h1").inner_text() == "Seen live"
        # how it felt, and what is done about it
        go("/pain")
        me.tick('input[value="low-back-left"]')
        me.tick('input[name="strength"]')
        visitor.press("ArrowRight", "ArrowRight")
        me.tick('input[name="no_flags"]')
        me.press('form[action="/pain"] button')
        told("Noted.")
        go("/plan")
        me.press('form[action="/plan/start"] button')
        told("Begun")
        me.tick('input[name="what"]')
        me.press('form[action="/plan/done"] button')
        told("Kept for")
        assert page.locator(".badge", has_text="done today").count() == 1
        # the watch's file of the first run
        go("/import")
        me.choose("#f-file", tmp_path / "watch.fit")
        me.press('form[action="/import"] button')
        page.wait_for_url("**/import/*")
        assert "A watch's file" in page.inner_text("main")
        me.press('button[value="keep"]')
        _done(page, "they are one run")
        me.press('.marked a[href^="/run/"]')
        page.wait_for_url("**/run/*/1")
        page.wait_for_selector(".plot[role=slider]")
        visitor.drawn()
        assert "km by your watch" in page.inner_text("main") and "With your watch" in page.inner_text("main")
        for kind, ending in (("fit", ".fit"), ("csv", ".zip")):
            with page.expect_download() as download:
                me.press(f'a[href$="/export/{kind}"]')
            assert download.value.suggested_filename.endswith(ending)
            assert Path(download.value.path()).stat().st_size > 10_000
        assert visitor.cut_off() == []
        me.press('a[href$="/delete"]')
        page.wait_for_url("**/delete")
        me.press("button.careful")
        page.wait_for_url("**/runs*")
        told("Thrown away")
        assert visitor.complaints == [] and visitor.elsewhere == []
        assert [(pain.places, pain.strength) for pain in pains(store)] == [(("low-back-left",), 2)]
        assert len(done(store)) == 1 and [about(store, stored).name for stored in store.sessions()] == ["Seen live"]
