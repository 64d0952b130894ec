"""What to do next, for four weeks: lower-limb strength first, then what the findings add; with an end.

Source    Cai 2017 (84 runners with chronic low-back pain, 8 weeks): hip, knee and ankle strength improved running more
          than work on the back, pain fell alike; Mendiguchia 2021: six weeks of training lowered pelvic tilt in
          running; users of posture trainers (981 of one, 2022): gains in the first four weeks, then flat. So a plan has
          four weeks and an end, begins with the legs, and answers tilt with exercises before cues
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from formclip.runs import knowledge
from formclip.runs.insight.contrast import Contrast, contrast
from formclip.runs.insight.course import Course, course
from formclip.runs.insight.history import History
from formclip.runs.insight.load import load
from formclip.runs.insight.pointers import Pointer, pointers
from formclip.runs.insight.trends import Trends, trends
from formclip.runs.redflags import RedFlag, advice
from formclip.runs.store.pain import Pain, pains, standing
from formclip.runs.store.plan import SCREENS, Begun, Done, Screen, done, plans, screens
from formclip.runs.store.store import Store

WEEKS = 4
A_WEEK = (2, 3)  # sessions (B, E)
LEGS = ("squat", "heel_raise", "single_leg_bridge", "clamshell")
_A_FINDING = 2  # exercises that each adds
_MOST = 8
PAIN_FREE = timedelta(days=14)
LESS_WHEN_IT_HURTS = (0.70, 0.80)
STEP = 1.10
_LEARNING = timedelta(days=14)  # from a plan's start; what moves is looked for after it
_BEFORE = timedelta(days=28)
MOVES = ("tilt_deg", "drop_range_deg", "cadence_spm")

QUESTIONS = {
    "plank": "How many seconds can you hold a plank with the body in one line? (E: 60)",
    "bridge": "Do you feel the glutes in a bridge, more than the back of the thighs? (E)",
    "lunge": "Is the front of the hip free in a deep lunge? (E)",
}
_SCREEN_ADDS = {"plank": ("plank",), "bridge": ("glute_squeeze", "bridge"), "lunge": ("hip_flexor_stretch",)}
WEEKLY = {
    "warm-up": "Warm up for 5–10 min with dynamic movement before each run (E).",
    "strength": "Do 2–3 strength sessions (B, E).",
    "drills": "Do 5–10 min of drills a day (E).",
    "mobility": "Do 10 min of mobility work (B, E).",
    "surfaces": "Alternate the surfaces that you run on (E).",
    "distance": "Run at most 10 % further than last week, never 20 % (E; thin evidence).",
    "pain": "Note pain, and days without it, in the pain log (E).",
}
WHY_LEGS = (
    "Strength of hip, knee and ankle comes first: in runners with chronic low-back pain it improved running more than "
    "work on the back did, and pain fell alike (Cai 2017, 84 runners)."
)
WHY_AN_END = "A plan has four weeks and an end: users of posture trainers gained in the first four weeks, then no more."


@dataclass(frozen=True)
class Item:
    """One exercise. why: the finding or screen it answers, or WHY_LEGS."""

    key: str
    title: str
    dose: str
    how: str
    source: str
    why: str


@dataclass(frozen=True)
class Check:
    """One line of the weekly list. done: so many times or days this week; of: what is aimed at; None: not counted."""

    key: str
    said: str
    done: int | None
    of: int | None


@dataclass(frozen=True)
class WhenItHurts:
    """low_km, high_km: of the week. stage: `hurts`, `waiting` for two pain-free weeks, `returning` in steps, `none`."""

    stage: str
    low_km: float | None
    high_km: float | None
    until: date | None
    said: tuple[str, ...]


NO_ADVICE = WhenItHurts("none", None, None, None, ())


@dataclass(frozen=True)
class Plan:
    """Everything beside the plan. While a red flag stands: nothing to do, and no word of how far to run.

    begun     the plan under way, or the last one; None: there was none
    week      1 to 4; 0: not under way
    sessions  strength sessions by week of the plan
    moved     tilt, drop and cadence: the four weeks before against what came after its first two; empty: too early
    """

    items: tuple[Item, ...]
    pointers: tuple[Pointer, ...]
    begun: Begun | None
    week: int
    ends: date | None
    sessions: tuple[int, ...]
    weekly: tuple[Check, ...]
    screens: tuple[Screen, ...]
    to_screen: tuple[str, ...]
    hurts: WhenItHurts
    course: Course
    moved: tuple[Contrast, ...]
    red_flags: tuple[RedFlag, ...]
    said: tuple[str, ...]


def items_for(found: Sequence[Pointer], taken: Sequence[Screen]) -> tuple[Item, ...]:
    """The legs first, then what failed screens and findings add."""
    why = {key: WHY_LEGS for key in LEGS}
    latest = {screen.name: screen for screen in taken}
    for name, keys in _SCREEN_ADDS.items():
        if name in latest and not latest[name].passed:
            for key in keys:
                why.setdefault(key, f"Your {name} on {latest[name].day} asks for it (E).")
    for finding in found:
        fault = knowledge.FAULTS[finding.key]
        for key in [key for key in fault.exercises if key not in why][:_A_FINDING]:
            why[key] = f"{fault.title}: {finding.said}"
    return tuple(item(key, reason) for key, reason in list(why.items())[:_MOST])


def item(key: str, why: str) -> Item:
    """An exercise of knowledge.EXERCISES."""
    exercise = knowledge.EXERCISES[key]
    return Item(key, exercise.title, exercise.dose, exercise.how, exercise.source, why)


def plan(store: Store, runs: History, today: date, lines: Trends | None = None) -> Plan:
    """As it stands today. lines: the trends, where they are reckoned already."""
    found = pointers(runs, lines or trends(runs))
    taken, what_was_done, flags = screens(store), done(store), standing(store)
    proposed = items_for(found, taken)
    begun = plans(store)[-1] if plans(store) else None
    ends = begun.began + timedelta(weeks=begun.weeks) if begun else None
    under_way = begun is not None and begun.stopped is None and ends is not None and begun.began <= today < ends
    if begun is not None and under_way:
        reasons = {one.key: one.why for one in proposed}
        items = tuple(item(key, reasons.get(key, "From when the plan began.")) for key in begun.keys)
    else:
        items = proposed
    names = {screen.name for screen in taken}
    hurts = NO_ADVICE if flags else when_it_hurts(runs, pains(store), today)
    said = list(advice(flags)) or [WHY_LEGS, WHY_AN_END]
    if begun is not None and not under_way and not flags:
        comes = begun.stopped is None and today < begun.began
        said.insert(0, f"Your plan begins on {begun.began}." if comes else "The last plan is over.")
    return Plan(
        () if flags else items,
        found,
        begun,
        (today - begun.began).days // 7 + 1 if begun and under_way else 0,
        ends,
        _sessions(begun, what_was_done) if begun else (),
        () if flags else _weekly(runs, what_was_done, today),
        tuple(taken),
        () if flags else tuple(name for name in SCREENS if name not in names),
        hurts,
        course(runs),
        _moved(runs, begun) if begun else (),
        flags,
        tuple(said),
    )


def _sessions(begun: Begun, found: Sequence[Done]) -> tuple[int, ...]:
    """Days with strength work, by week of the plan."""
    days = {one.day for one in found if _strength(one)}
    weeks = [(day - begun.began).days // 7 for day in days if day >= begun.began]
    return tuple(weeks.count(week) for week in range(begun.weeks))


def _strength(one: Done) -> bool:
    return any(what == "strength" or what in knowledge.EXERCISES for what in one.what)


def _weekly(runs: History, found: Sequence[Done], today: date) -> tuple[Check, ...]:
    """This week's list, from Monday on."""
    monday = today - timedelta(days=today.weekday())
    inside = [one for one in found if monday <= one.day <= today]
    days = {key: len({one.day for one in inside if key in one.what}) for key in WEEKLY}
    days["strength"] = len({one.day for one in inside if _strength(one)})
    entries = [entry for entry in runs.entries if monday <= entry.day <= today]
    surfaces = {entry.about.surface for entry in entries if entry.about.surface}
    weeks = load(runs, today).weeks
    over = next((week.over for week in weeks if week.monday == monday), 0)
    aims: dict[str, tuple[int | None, int | None]] = {
        "warm-up": (days["warm-up"], len(entries)),
        "strength": (days["strength"], A_WEEK[0]),
        "drills": (days["drills"], 7),
        "mobility": (days["mobility"], 1),
        "surfaces": (len(surfaces) if surfaces else None, 2),
        "distance": (int(not over), 1),
        "pain": (None, None),
    }
    return tuple(Check(key, said, *aims[key]) for key, said in WEEKLY.items())


def when_it_hurts(runs: History, log: Sequence[Pain], today: date) -> WhenItHurts:
    """E's rule: 20–30 % less while it hurts, back after two pain-free weeks, then in steps of 10 %."""
    sore = [pain for pain in log if pain.strength and pain.at.date() <= today]
    if not sore:
        return NO_ADVICE
    last = sore[-1].at.date()
    first = last
    for pain in reversed(sore):
        if first - pain.at.date() <= PAIN_FREE:
            first = pain.at.date()
    before = [week for week in load(runs, today).weeks if week.whole and week.distance and week.distance.m]
    usual = [week for week in before if week.monday + timedelta(days=7) <= first][-1:]
    km = usual[0].distance.m / 1000 if usual and usual[0].distance else None
    back = last + PAIN_FREE
    low, high = (None, None) if km is None else (km * LESS_WHEN_IT_HURTS[0], km * LESS_WHEN_IT_HURTS[1])
    if today < back:
        length = f": {low:.0f} to {high:.0f} km a week in place of {km:.0f}" if km and low and high else ""
        stage = "hurts" if today - last <= timedelta(days=2) else "waiting"
        told = (
            f"It hurt last on {last}. Run 20 to 30 % less{length} (E).",
            f"Back after two weeks without pain, on {back} if none comes; then in steps of 10 % (E).",
        )
        return WhenItHurts(stage, low, high, back, told)
    if km is None or high is None or today >= back + _BEFORE:
        return NO_ADVICE
    step = min(km, high * STEP ** (1 + (today - back).days // 7))
    way_back = (
        f"This week up to {step:.0f} km, then 10 % more a week, to the {km:.0f} of before (E)."
        if round(step) < round(km)
        else f"In steps of 10 % a week that is the {km:.0f} km of before again (E)."
    )
    return WhenItHurts("returning", None, step, None, (f"Two weeks without pain are over. {way_back}",))


def _moved(runs: History, begun: Begun) -> tuple[Contrast, ...]:
    """What tilt, drop and cadence did, whatever did it."""
    until = begun.stopped or begun.began + timedelta(weeks=begun.weeks) + PAIN_FREE
    before = [e for e in runs.entries if begun.began - _BEFORE <= e.day < begun.began]
    after = [e for e in runs.entries if begun.began + _LEARNING <= e.day <= until]
    if not before or not after:
        return ()
    return tuple(one for one in contrast(runs, before, after).contrasts if one.key in MOVES)
