"""The story of eight weeks: what is put in, day by day, so that what the record says can be held against it.

A runner with a habit: the lower back arches more than when standing, and several times a run clearly more.

    week 1, 2   the habit as it is
    week 3-6    exercises, two or three times a week; from week 4 to 6 the habit fades, and stays faded
    week 4, 5   a calf that aches after five runs on end: chosen without regard to form or load
    week 6      one run much longer than the longest of the month before: the spike
    all weeks   a watch on every second run, with a clock that drifts, traffic lights, pauses

Tuesdays are easy, Thursdays faster, Sundays long. Nothing here knows what the record will make of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from formclip.lab.simulate.scenario import ARCH, OVERSTRIDE, STANDING, Episode, Fatigue, Scenario, Segment
from formclip.lab.simulate.watch import Watch

WEEKS = 8
_DAYS = (1, 3, 6)  # Tuesday, Thursday, Sunday
_SEED = 24
_PERSON = 5

PLAN_FROM_WEEK, PLAN_WEEKS = 2, 4  # weeks count from 0
SCREENED = {"plank": "40", "bridge": "no", "lunge": "no"}  # on the plan's first day
HABIT_DEG, FADED_DEG = 8.5, 5.5
FADES_FROM, FADES_TO = 8, 16  # runs
SPIKE = 17  # the Sunday of week 6
PAIN = {0: 0, 9: 2, 10: 4, 11: 3, 12: 3, 13: 1}  # after the run of that number, of 10; the log begins without any
PAIN_PLACE = "calf"


@dataclass(frozen=True)
class Told:
    """One run as it was run.

    began      when the clip's session begins, by the clocks of this computer's zone
    kind       easy, tempo, long: as `formclip name --kind` has it
    watch      None: it was left at home
    hills      (from_s, to_s, slope in degrees)
    arches     beginnings of the arch episodes
    """

    number: int
    began: datetime
    kind: str
    scenario: Scenario
    watch: Watch | None
    hills: tuple[tuple[float, float, float], ...]
    arches: tuple[float, ...]


def first_day(until: date | None = None) -> date:
    """The Monday on which it begins. until: the last day, brought back to a Sunday; None: the Sunday that is over."""
    last = until or date.today() - timedelta(days=1)
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    return sunday - timedelta(days=7 * WEEKS - 1)


def story(first: date) -> list[Told]:
    """All runs, in order, from a Monday on."""
    return [_run(number, first) for number in range(3 * WEEKS)]


def plan_day(first: date) -> date:
    """The day on which the plan begins."""
    return first + timedelta(weeks=PLAN_FROM_WEEK)


def exercise_days(first: date) -> list[date]:
    """When the exercises were done."""
    first = plan_day(first)
    days = [first + timedelta(weeks=week, days=day) for week in range(PLAN_WEEKS) for day in (0, 2, 4)]
    return [day for i, day in enumerate(days) if i not in (5, 9)]  # twice one was left out


def habit_deg(number: int) -> float:
    """Mean tilt over standing that the story puts into a run, before what differs from day to day."""
    share = min(1.0, max(0.0, (number - FADES_FROM) / (FADES_TO - FADES_FROM)))
    return HABIT_DEG + share * (FADED_DEG - HABIT_DEG)


def _run(number: int, first: date) -> Told:
    rng = np.random.default_rng([_SEED, number])
    week, of_week = divmod(number, len(_DAYS))
    kind = ("easy", "tempo", "long")[of_week]
    day = first + timedelta(weeks=week, days=_DAYS[of_week])
    hour = (6, 18, 8)[of_week]
    began = datetime(day.year, day.month, day.day, hour, int(rng.integers(5, 50)), int(rng.integers(60)))
    minutes = {"easy": 26.0, "tempo": 24.0, "long": 32.0 + min(week, 5)}[kind] + round(float(rng.uniform(-1.5, 1.5)), 1)
    if number == SPIKE:
        minutes = 56.0
    speed = {"easy": 2.75, "tempo": 3.15, "long": 2.65}[kind] + float(rng.normal(0, 0.04))
    watch = _watch(number, minutes * 60, rng) if number % 2 else None
    hills = _hills(minutes * 60) if watch is not None else ()
    light = round(float(rng.uniform(0.56, 0.6)) * minutes * 60, 1)
    arches = _arches(number, minutes * 60, hills, light, rng)
    segments = _segments(minutes * 60, speed, hills, light, rng)
    episodes = tuple(
        [Episode(kind=ARCH, start_s=at, end_s=at + float(rng.uniform(8, 11)), tilt_deg=9.0) for at in arches]
        + [Episode(kind=OVERSTRIDE, start_s=at, end_s=at + 14.0) for at in _strides(minutes * 60, arches, rng)]
    )
    share = min(1.0, number / 20)
    scenario = Scenario(
        minutes=minutes, speed_mps=speed, person=_PERSON, variability_pct=1.6, standing_tilt_deg=12.0,
        tilt_deg=round(habit_deg(number) + float(rng.normal(0, 0.35)), 2),
        segments=segments, episodes=tuple(sorted(episodes, key=lambda one: one.start_s)),
        fatigue=Fatigue(tilt_deg=1.6 - share, cadence_pct=-1.5 + share, drop_range_pct=6.0),
        mounting_deg=(float(rng.normal(0, 3)), float(rng.normal(0, 3)), float(rng.normal(0, 3))),
        gyro_bias_dps=(0.6, -0.4, 0.3),
    )  # fmt: skip
    return Told(number, began.astimezone(), kind, scenario, watch, hills, arches)


def _watch(number: int, length_s: float, rng: np.random.Generator) -> Watch:
    pauses = ((0.45 * length_s, 0.45 * length_s + 35.0),) if number % 6 == 5 else ()
    return Watch(
        drift_ppm=round(float(rng.uniform(-40, 40)), 1), counted_s=4.0, strides=0.5, noise_spm=0.3,
        smart=number % 4 == 3, twice=number % 8 == 1, autopause=number % 3 != 0, pauses=pauses,
        from_s=float(rng.uniform(2, 9)), gps_scale=1 + float(rng.normal(0, 0.004)),
    )  # fmt: skip


def _hills(length_s: float) -> tuple[tuple[float, float, float], ...]:
    """Up and down the same hill, twice, between level stretches."""
    each = 100.0
    begins = (0.22 * length_s, 0.22 * length_s + 150, 0.66 * length_s, 0.66 * length_s + 150)
    return tuple((round(at, 1), round(at + each, 1), slope) for at, slope in zip(begins, (3.0, -3.0, 3.0, -3.0)))


def _arches(
    number: int, length_s: float, hills: tuple[tuple[float, float, float], ...], light: float, rng: np.random.Generator
) -> tuple[float, ...]:
    """Six a run while the habit lasts, one when it has faded; where there are hills, three of them downhill."""
    share = (habit_deg(number) - FADED_DEG) / (HABIT_DEG - FADED_DEG)
    many = 1 + round(5 * share)
    down = [at + 30.0 for at, _, slope in hills if slope < 0]
    down += [at + 68.0 for at, _, slope in hills if slope < 0][:1]
    found = [at for at in down[:many] if at > 200]
    for at in np.linspace(0.16, 0.95, 40) * length_s:
        if len(found) >= many:
            break
        near = [abs(at - other) for other in found] + [abs(at - begin - 50) - 30 for begin, _, _ in hills]
        near.append(abs(at - light - 15))
        if at > 220 and min(near, default=999.0) > 70 and rng.random() < 0.5:
            found.append(float(round(at, 1)))
    return tuple(sorted(at for at in found if at < length_s - 60))


def _strides(length_s: float, arches: tuple[float, ...], rng: np.random.Generator) -> list[float]:
    """Once or twice a run an overstride, far from the arches."""
    found: list[float] = []
    for _ in range(200):
        at = float(round(rng.uniform(230, length_s - 80), 1))
        if len(found) < 1 + int(rng.random() < 0.5) and all(abs(at - other) > 60 for other in (*arches, *found)):
            found.append(at)
        if len(found) == 2:
            break
    return found


def _segments(
    length_s: float, speed: float, hills: tuple[tuple[float, float, float], ...], light: float, rng: np.random.Generator
) -> tuple[Segment, ...]:
    """Standing at a traffic light, some minutes faster and slower, hills."""
    taken = [Segment(start_s=light, end_s=light + round(float(rng.uniform(22, 38)), 1), activity=STANDING)]
    taken += [Segment(start_s=a, end_s=b, speed_mps=speed, slope_deg=slope) for a, b, slope in hills]
    at = 60.0
    while at < length_s - 200:
        end = at + float(round(rng.uniform(100, 170), 1))
        free = [one for one in taken if at < one.end_s and end > one.start_s]
        if free:
            at = max(one.end_s for one in free) + 1
            continue
        by = float(rng.choice([-0.22, -0.1, 0.0, 0.1, 0.22]))
        taken.append(Segment(start_s=at, end_s=end, speed_mps=round(speed + by, 3)))
        at = end
    return tuple(sorted(taken, key=lambda one: one.start_s))
