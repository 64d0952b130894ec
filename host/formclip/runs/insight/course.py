"""The faded course of cues and what comes after it: probes without cues, and one reminder when the habit is back.

Source    eight sessions, cues withdrawn over the last four (Crowell, Davis 2011, Clin Biomech 26:78); Van den Berghe
          2024 (n = 20): what was learned did not hold by itself at six months, one reminder brought it back
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from formclip.runs.insight.contrast import DIFFERS, FEWEST_OF_A_SPAN, contrast
from formclip.runs.insight.history import Entry, History

SESSIONS = 8
PROBE = timedelta(days=14)
NO_COURSE, UNDER_WAY, AFTER = "no course", "under way", "after"
_HABITS = (("tilt_deg", 1), ("cadence_spm", -1))  # and which way is worse
_WHY = "What was learned with faded cues did not hold by itself at six months, and one reminder brought it back "
_WHY += "(Van den Berghe 2024, n = 20)."


@dataclass(frozen=True)
class Course:
    """state; session: the last one of the course; ended: its day; probe_due: when a run without cues is due.

    back      figures whose habit is back in the runs without cues; reminded: a reminder has been run
    """

    state: str
    session: int
    ended: date | None
    probe_due: date | None
    back: tuple[str, ...]
    reminded: bool
    said: tuple[str, ...]


def course(runs: History) -> Course:
    """From the settings that each run was made with."""
    faded = [entry for entry in runs.entries if entry.digest.settings.get("faded") == "on"]
    if not faded:
        return Course(NO_COURSE, 0, None, None, (), False, ())
    sessions = [int(entry.digest.settings["faded_session"]) for entry in faded]
    ends = [i for i, session in enumerate(sessions) if session >= SESSIONS]
    last = sessions[-1]
    if not ends or last < SESSIONS:
        stage = f"Session {last} of {SESSIONS} of the faded course: cues are withdrawn over the last four."
        return Course(UNDER_WAY, last, None, None, (), bool(ends), (stage,))
    ended = next(i for i in ends if all(session >= SESSIONS for session in sessions[i:]))
    end = faded[ended]
    after = [entry for entry in runs.entries if entry.started > end.started and _uncued(entry)]
    due = (after[-1] if after else end).day + PROBE
    reminded = any(later < earlier for earlier, later in zip(sessions, sessions[1:], strict=False))
    back = _back(runs, faded[: ended + 1], after)
    said = [
        f"The faded course ended on {end.day}. A run without cues every two weeks shows what has stayed; next: {due}."
    ]
    if back and not reminded:
        said.append(
            f"The habit is back in {' and '.join(back)}: one reminder course is due "
            "(formclip config set faded_session 5, with faded on)."
        )
    elif back:
        said.append(f"The habit is back in {' and '.join(back)}. One reminder has been run already.")
    return Course(AFTER, last, end.day, due, back, reminded, (*said, _WHY))


def _uncued(entry: Entry) -> bool:
    """Nobody was cued in it: it shows the habit."""
    settings = entry.digest.settings
    beyond = settings.get("faded") == "on" and int(settings["faded_session"]) > SESSIONS
    return beyond or settings["mode"] == "silent"


def _back(runs: History, learned: list[Entry], after: list[Entry]) -> tuple[str, ...]:
    """Figures that are worse in the last runs without cues than they were at the end of the course."""
    late, end = after[-FEWEST_OF_A_SPAN:], learned[-FEWEST_OF_A_SPAN:]
    if len(late) < FEWEST_OF_A_SPAN or len(end) < FEWEST_OF_A_SPAN:
        return ()
    worse = dict(_HABITS)
    return tuple(
        one.title.lower()
        for one in contrast(runs, end, late).contrasts
        if one.key in worse and one.verdict == DIFFERS and one.difference * worse[one.key] > 0
    )
