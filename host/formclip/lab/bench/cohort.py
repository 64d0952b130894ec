"""`python -m formclip.lab.bench.cohort`: how many recordings an hour, on one process and on two, and what a task costs.

Memory is that of this process and of the largest that worked, after the first half of the recordings and at the end:
they must be alike, or a thousand recordings would need more than ten.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from formclip.lab.cohort import Recording, replay_many
from formclip.lab.cohort.local import run_here
from formclip.lab.cohort.work import Outcome, Task
from formclip.lab.simulate import Scenario, write


def nothing(task: Task) -> Outcome:
    """A task without work: what is left is what a task costs."""
    return Outcome(task.name, summary={"memory_mb": _memory_mb()})


def _memory_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))


def measure(count: int, minutes: float, rate_hz: int, processes: tuple[int, ...] = (1, 2)) -> dict[str, Any]:
    """Figures of `count` recordings of so many minutes."""
    out: dict[str, Any] = {"recordings": count, "minutes": minutes, "rate_hz": rate_hz, "runs": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, _, _ = write(folder / "run", Scenario(minutes=minutes, rate_hz=rate_hz), 1)
        recordings = [Recording(f"run{i:05d}", (path,)) for i in range(count)]
        for number in processes:
            memory: list[float] = []
            began = time.perf_counter()
            cohort = replay_many(
                recordings,
                folder / f"out{number}",
                processes=number,
                on_done=lambda done, memory=memory: memory.append(_memory_mb()),  # type: ignore[misc]
            )
            seconds = time.perf_counter() - began
            out["runs"].append(
                {
                    "processes": number,
                    "seconds": seconds,
                    "an_hour": 3600 * count / seconds,
                    "busy_s": cohort.busy_s / count,
                    "mb_half": memory[count // 2],
                    "mb_end": memory[-1],
                }
            )
        began = time.perf_counter()
        tasks = 2000
        list(run_here((Task(str(i), (), "") for i in range(tasks)), 2, nothing))
        out["task_ms"] = 1000 * (time.perf_counter() - began) / tasks
        out["worker_mb"] = [
            one.summary["memory_mb"] for one in run_here([Task("", (str(path),), "")] * 12, 1, _work_and_tell)
        ]
    return out


def _work_and_tell(task: Task) -> Outcome:
    from formclip.lab.cohort.work import work

    work(task)
    return nothing(task)


def lines(found: dict[str, Any]) -> list[str]:
    """As text."""
    kind = f"{found['minutes']:g} minutes at {found['rate_hz']} Hz"
    out = [f"{found['recordings']} recordings of {kind}: read, replayed, kept as Parquet with their logs"]
    for run in found["runs"]:
        many = "process " if run["processes"] == 1 else "processes"
        out.append(
            f"  {run['processes']} {many}  {run['an_hour']:6.0f} an hour, {run['busy_s']:.2f} s of processor each; "
            f"this process at {run['mb_half']:.0f} MB half way, {run['mb_end']:.0f} MB at the end"
        )
    worker = found["worker_mb"]
    out.append(
        f"  the largest a worker got: {worker[0]:.0f} MB after one recording, {worker[-1]:.0f} after {len(worker)}"
    )
    out.append(f"  a task without work: {found['task_ms']:.2f} ms")
    return out


def main() -> int:
    parser = argparse.ArgumentParser(prog="formclip.lab.bench.cohort", description="many recordings at once")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rate", type=int, default=104)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = measure(args.count, args.minutes, args.rate)
    print(json.dumps(found, indent=1) if args.json else "\n".join(lines(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
