"""The story made into a record: each run simulated, recorded by the clip's own core, synced; half of them merged."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np

from formclip import __version__
from formclip.ground.errors import FileError, FormclipError
from formclip.ground.files import write_whole
from formclip.ground.run import Floats
from formclip.lab.simulate.make import simulate
from formclip.lab.simulate.scenario import Scenario
from formclip.lab.simulate.watch import Course, watch_file
from formclip.lab.weeks.clip import KEY, MemoryClip, MemoryWire
from formclip.lab.weeks.story import (
    PAIN,
    PAIN_PLACE,
    PLAN_WEEKS,
    SCREENED,
    Told,
    exercise_days,
    first_day,
    plan_day,
    story,
)
from formclip.runs.exchange.merge import merge
from formclip.runs.insight.history import history
from formclip.runs.insight.plan import plan
from formclip.runs.store.about import say
from formclip.runs.store.dates import local_zone
from formclip.runs.store.pain import add_pain
from formclip.runs.store.plan import begin, done, plans, say_done, say_screen
from formclip.runs.store.store import Store, Stored
from formclip.runs.store.which import which
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.visit import Visit, visit

CLIP = "formclip-weeks"
_AHEAD = 2  # runs simulated before their turn
WATCH_FOLDER = "watch-files"
_MARK = "made-up.txt"


@dataclass
class Weeks:
    """What was made.

    folder      the store; the watch's files lie beside it in WATCH_FOLDER as a watch would give them
    stored      session of each run of the story
    not_merged  (run, why) of those whose watch's file was refused
    visits      what each sync did, one after each run
    """

    folder: Path
    first: date
    story: list[Told]
    stored: list[Stored] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)
    not_merged: list[tuple[int, str]] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)


def make_weeks(
    folder: Path,
    until: date | None = None,
    on_run: Callable[[Weeks, int], None] | None = None,
    runs: int | None = None,
    processes: int | None = None,
) -> Weeks:
    """A store in `folder`/store with the story in it, as if eight weeks had gone by.

    until      the day with which it ends, a Sunday; None: the one that is over
    on_run     is given what was made so far, and how many runs are in it
    runs       only so many of the first; None: all
    processes  that simulate; 0: none but this one

    Errors     FileError where there is a record that is no story: nobody's own is to be mixed with one
    """
    where = folder / "store"
    _make_room(folder, where)
    first = first_day(until)
    told = story(first)[:runs]
    made = Weeks(where, first, told)
    store = Store(where)
    clip = MemoryClip(CLIP, __version__, datetime.combine(first, time(20, 0)).timestamp())
    _sync(clip, store)  # paired on the first day
    for run, (samples, course) in zip(told, _simulated(told, processes), strict=True):
        if run.number and run.number % 3 == 0:
            clip.now_s = run.began.timestamp() - 3600
            clip.restart()  # charged once a week, and greeted by the laptop
            _sync(clip, store)
        _exercise(store, made, run.began.date())
        clip.now_s = run.began.timestamp()
        clip.record(samples)
        clip.now_s += 900
        came = _sync(clip, store)
        made.visits.append(came)
        (stored,) = came.fetched
        made.stored.append(stored)
        say(store, stored, kind=run.kind)
        if run.number in PAIN:
            _note_pain(store, run)
        if run.watch is not None:
            _merge(store, made, run, course, folder / WATCH_FOLDER)
        if on_run is not None:
            on_run(made, run.number + 1)
    return made


def _make_room(folder: Path, where: Path) -> None:
    """A story that was made here before goes; nothing else does."""
    mark = folder / _MARK
    if where.exists() and any(where.iterdir()):
        if not mark.exists():
            raise FileError("there is a record already", "name another folder with --out", path=where)
        for old in (where, folder / WATCH_FOLDER):
            shutil.rmtree(old, ignore_errors=True)
    write_whole(mark, "This folder holds eight weeks of a runner who does not exist (formclip demo --weeks).\n")


def _sync(clip: MemoryClip, store: Store) -> Visit:
    client = ClipClient(MemoryWire(clip), KEY, lambda: clip.now_s)
    return asyncio.run(visit(client, store))


def _exercise(store: Store, made: Weeks, until: date) -> None:
    """The plan as the record proposes it, begun on its day, and what was done of it up to this one."""
    begins = plan_day(made.first)
    if begins <= until and not plans(store):
        for name, result in SCREENED.items():
            say_screen(store, begins, name, result)
        proposed = plan(store, history(store), begins)
        begin(store, begins, PLAN_WEEKS, [item.key for item in proposed.items])
    said = {one.day for one in done(store)}
    for day in exercise_days(made.first):
        if day <= until and day not in said:
            say_done(store, day, plans(store)[-1].keys)


def _note_pain(store: Store, run: Told) -> None:
    """What the runner notes in the evening after the run."""
    at = (run.began + timedelta(minutes=run.scenario.minutes + 60)).timestamp(), local_zone()
    strength = PAIN[run.number]
    if strength:
        add_pain(store, at, strength, (PAIN_PLACE,), "after", lasted_h=3.0)
    else:
        add_pain(store, at, 0)


def _merge(store: Store, made: Weeks, run: Told, course: Course, folder: Path) -> None:
    assert run.watch is not None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.began:%Y-%m-%d-%H%M}.fit"
    path.write_bytes(watch_file(course, run.began.timestamp(), run.watch, run.number))
    try:
        merge(store, which(store, made.stored[-1].label), path.read_bytes(), path)
        made.merged.append(run.number)
    except FormclipError as error:
        made.not_merged.append((run.number, error.what))


def _simulated(told: list[Told], processes: int | None) -> Iterator[tuple[Floats, Course]]:
    """Each run's samples and what its watch can know, in order; a few are made ahead on other cores."""
    if processes is None:
        processes = min(2, os.cpu_count() or 1) if len(told) > 1 else 0
    if not processes:
        yield from (simulated(run) for run in told)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        waiting: list[Future[tuple[Floats, Course]]] = []
        todo = iter(told)
        for run in todo:
            waiting.append(pool.submit(simulated, run))
            if len(waiting) > _AHEAD:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def simulated(run: Told) -> tuple[Floats, Course]:
    """One run: samples (6, n), and second by second what was run."""
    made = simulate(run.scenario, seed=1000 + run.number)
    return made.blocks.astype(np.float32), course_of(made.truth["steps"], run.scenario, run.hills, run.number)


def course_of(
    steps: list[dict[str, float]], scenario: Scenario, hills: tuple[tuple[float, float, float], ...], seed: int
) -> Course:
    """What a watch can know of a simulated run, by its truth."""
    on_s = np.array([step["on_s"] for step in steps])
    t_s = np.arange(0.0, np.floor(scenario.minutes * 60))
    speed = np.interp(t_s, on_s, np.array([step["speed_mps"] for step in steps]))
    last = np.clip(np.searchsorted(on_s, t_s, "right") - 1, 0, len(on_s) - 1)
    running = (t_s >= on_s[0]) & (t_s - on_s[last] < 1.5)
    speed = np.where(running, np.maximum(speed, 0.0), 0.0)
    slope = np.zeros(len(t_s))
    for from_s, to_s, degrees in hills:
        slope[(t_s >= from_s) & (t_s < to_s)] = np.tan(np.radians(degrees))
    height = 170.0 + np.cumsum(speed * slope)
    rng = np.random.default_rng([seed, 3])
    heart = _heart(speed, slope) + rng.normal(0, 0.7, len(t_s))
    return Course(on_s, t_s, speed, height, heart)


def _heart(speed: Floats, slope: Floats) -> Floats:
    """Follows effort within a minute or so."""
    aim = 62 + 30 * speed + 250 * np.maximum(slope, 0.0) * speed / 3
    out = np.empty(len(aim))
    value = 70.0
    for i, to in enumerate(aim.tolist()):
        value += (to - value) / 45
        out[i] = value
    return out
