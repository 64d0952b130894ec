"""How quick the record's commands are on a store of 1,000 runs: `make record-bench` prints it, with the goals beside.

Each command runs in a process of its own, so the interpreter's start is in its figure. The index has the figures of all
runs, as a sync leaves it; what the first reading of a log costs is told too.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from formclip.runs.insight.digest import digest_of
from formclip.runs.store.store import Store

from tests.show.bench_page import MINUTES, RUNS, make_many

COMMANDS = {
    ("sessions",): 0.5,
    ("trends",): 2.0,
    ("compare", "..2024-01-01", "2024-01-02.."): None,
    ("load",): None,
    ("baseline", "show"): None,
    ("cues",): None,
    ("pain", "beside"): None,
    ("plan", "show"): None,
    ("show",): None,
}
RUN = "import sys; from formclip.show.cli import main; main()"


def took(folder, words, times=3):
    """The best of some: seconds, and seconds of the processor, which a busy machine does not lengthen as much."""
    found = []
    for _ in range(times):
        began, before = time.perf_counter(), os.times()
        arguments = [sys.executable, "-c", RUN, *words, "--store", folder]
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        busy = after.children_user - before.children_user + after.children_system - before.children_system
        found.append((time.perf_counter() - began, busy))
    return min(one[0] for one in found), min(one[1] for one in found)


def main():
    with tempfile.TemporaryDirectory() as name:
        make_many(Path(name))
        print(f"{RUNS} runs")
        stored = Store(Path(name)).sessions()[0]
        began = time.perf_counter()
        digest_of(stored)
        print(f"a log of {MINUTES} min read for the first time: {time.perf_counter() - began:.2f} s")
        for words, goal_s in {("store", "path"): None, **COMMANDS}.items():
            best, busy = took(name, words)
            goal = f"   goal {goal_s:g} s" if goal_s else ""
            print(f"formclip {' '.join(words)}: {best:.2f} s, of the processor {busy:.2f} s{goal}")


if __name__ == "__main__":
    main()
