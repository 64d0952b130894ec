"""Pictures of every page in both themes and two widths: `make shots`, then look at them.

STORE is a store to show; without it one is made of runs with a story: tilt that grows, cadence that rises. The pages of
the example are taken too, of its first RUNS runs, and those of an empty record.
"""

import argparse
import re
import shutil
import tempfile
import time
from itertools import product
from pathlib import Path

from formclip.lab.weeks.make import make_weeks
from formclip.runs.store.about import say
from formclip.runs.store.store import Store
from formclip.show.ui.looks import MENU, address
from gaitcore.cue import ARCH, OVERSTRIDE

from tests.made_runs import log_of, put
from tests.show.browsing import THEMES, WIDTHS, Visitor, browser
from tests.show.served import CLIP, serving


def make_story(folder):
    """Fourteen runs in five weeks, the last one yesterday evening."""
    store, day = Store(folder), round(86400 * 2.5)
    began = int(time.time()) // 86400 * 86400 + 17 * 3600 - 86400 - 14 * day
    for number in range(1, 15):
        habit = 0.15 * number

        def at(t_s, habit=habit, number=number):
            return {"tilt_deg": 5 + habit + t_s / 1500, "cadence_spm": 164 + 0.4 * number + (t_s % 240 < 20) * -4}

        cues = [(420 + 200 * k, (OVERSTRIDE, ARCH)[k % 2]) for k in range(4)]
        data = log_of(
            1500.0 + 60 * number, began + day * number, at, number, cues=cues,
            firmware=b"formclip 0.1.0 xiao",
        )  # fmt: skip
        last = put(store, CLIP, number, data)
    say(store, last, name="Sunday along the river", kind="long", surface="trail", note="Legs were heavy at the end.")
    return store


def shoot(folder, out, kind=""):
    """One picture a page, width and theme; how many. kind: begins their names; "example" opens the folder's example."""
    out.mkdir(parents=True, exist_ok=True)
    shown = folder / ".example" / "store" if kind == "example" else folder
    sessions = Store(shown).sessions()
    paths = [path for path, _ in MENU]
    if sessions:
        latest = max(sessions, key=lambda stored: stored.number)
        paths += [address(latest), f"{address(latest)}/delete"]
    done = 0
    with serving(folder) as served, browser() as started:
        visitor = Visitor(started, served)
        if kind == "example":
            visitor.page.get_by_role("button", name="Open the example").click()
            visitor.page.locator(".example").wait_for()
        for width, theme in product(WIDTHS, THEMES):
            visitor.look(width, theme)
            for path in paths:
                visitor.go(path)
                visitor.drawn()
                name = re.sub(r"\W|\d", "", path.replace(address(latest), "run") if sessions else path) or "home"
                name = f"{kind}-{name}" if kind else name
                visitor.page.screenshot(path=out / f"{name}-{width}-{theme}.png", full_page=True)
                done += 1
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--example", type=Path, help="the folder of an example that is made; else its first runs are")
    parser.add_argument("--runs", type=int, default=6)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = given.store or make_story(Path(name) / "story").folder
        own = Path(name) / "own"
        if given.example is not None:
            shutil.copytree(given.example, own / ".example")
        else:
            make_weeks(own / ".example", runs=given.runs)
        (own / ".example" / "whole").touch()
        done = shoot(folder, given.out) + shoot(own, given.out, "example") + shoot(own, given.out, "empty")
        print(f"{done} pictures in {given.out}")


if __name__ == "__main__":
    main()
