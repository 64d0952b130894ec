"""How quick the page is on a store of 1,000 runs: `make page-bench` prints it, with the goals beside.

The server runs in a process of its own, as `formclip ui` starts it; its memory is read from /proc. The index has the
figures of all runs, as a sync leaves it.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from formclip.runs.insight.history import history
from formclip.runs.store.about import say
from formclip.runs.store.store import Store

from tests.made_runs import SUMMER, log_of, put
from tests.show.served import CLIP, Client

RUNS, KINDS, MINUTES = 1000, 20, 30
SERVE = (
    "import sys; from pathlib import Path; from formclip.runs.store.store import Store\n"
    "from formclip.show.ui.serve import Served, desk_for\n"
    "one = Served(desk_for(Store(Path(sys.argv[1])))); print(one.address, flush=True); one.run()"
)


def make_many(folder):
    """1,000 runs of 20 kinds, two days apart."""
    store = Store(folder)
    kinds = [log_of(60.0 * MINUTES, SUMMER, seed=n, cues=[(400, 1), (800, 2)]) for n in range(KINDS)]
    for number in range(1, RUNS + 1):
        stored = put(store, CLIP, number, kinds[number % KINDS])
        say(store, stored, began_unix_s=float(SUMMER - 172_800 * (RUNS - number)), zone="Europe/Vienna")
        if number == KINDS:
            history(store)  # one of each kind is read; the others get its figures
    with store.index() as index:
        for table in ("summary", "digest"):
            columns = ", ".join(f"k.{row[1]}" for row in index.execute(f"PRAGMA table_info({table})").fetchall()[3:])
            index.execute(
                f"INSERT OR IGNORE INTO {table} SELECT s.clip, s.number, s.crc32, {columns} FROM session s "
                f"JOIN {table} k ON k.crc32 = s.crc32"
            )
    return store


class Elsewhere:
    def __init__(self, address):
        self.address = address
        self.port = int(re.search(r":(\d+)/", address)[1])


def took(client, path, times=5):
    """Seconds, the best of some: what the page takes when nothing else wants the processor."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        assert client.get(path).status == 200
        found.append(time.perf_counter() - began)
    return min(found), max(found)


def memory_mb(pid):
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1000


def main():
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        make_many(Path(name))
        print(f"a store of {RUNS} runs of {MINUTES} min made in {time.perf_counter() - began:.0f} s")
        process = subprocess.Popen([sys.executable, "-c", SERVE, name], stdout=subprocess.PIPE, text=True)
        try:
            began = time.perf_counter()
            client = Client(Elsewhere(process.stdout.readline().strip()))
            start_mb = memory_mb(process.pid)
            client.get("/about")
            print(f"started and first page in {time.perf_counter() - began:.1f} s, {start_mb:.0f} MB")
            began = time.perf_counter()
            client.get("/")
            print(f"the first home page: {time.perf_counter() - began:.1f} s")
            run = f"/run/{CLIP}/{RUNS}"
            began = time.perf_counter()
            client.get(run)
            print(f"a run's words at its first visit: {time.perf_counter() - began:.2f} s")
            began = time.perf_counter()
            client.get(run + "?whole=1")
            print(f"the same with its charts drawn: {time.perf_counter() - began:.1f} s")
            for path, what, goal_s in (
                ("/", "home", 0.3),
                (run, "a run with cached charts", 0.5),
                ("/runs", "the list", None),
                ("/trends", "trends", 2.0),
            ):
                best, worst = took(client, path)
                goal = f"   goal {goal_s:g} s" if goal_s else ""
                print(f"{what}: {best:.2f} s, worst of five {worst:.2f}{goal}")
            print(f"most memory of the server: {memory_mb(process.pid):.0f} MB   goal 200 MB")
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
