"""Answers in the pain log on which the companion says stop, and switches cueing off.

Nothing here diagnoses. The words are knowledge.WHEN_TO_STOP's; the list is that of the articles (A, B, D, E) and of
common red flags of low-back pain. Any one of them is enough, wherever it hurts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_H = 24.0


@dataclass(frozen=True)
class RedFlag:
    """One question. now: not only a clinician, but care now; said: how a yes is named."""

    key: str
    question: str
    said: str
    now: bool = False


RED_FLAGS: dict[str, RedFlag] = {
    flag.key: flag
    for flag in (
        RedFlag("bladder", "Is there new trouble with bladder or bowel?", "new bladder or bowel trouble", True),
        RedFlag("numb", "Is the saddle area numb?", "a numb saddle area", True),
        RedFlag("weak", "Is a leg newly weak?", "new weakness in a leg", True),
        RedFlag("sharp", "Is it sharp or shooting?", "sharp or shooting pain"),
        RedFlag("radiates", "Does it radiate, as into the leg?", "pain that radiates"),
        RedFlag("disabling", "Can you not put on shoes or socks for it?", "acute and disabling pain"),
        RedFlag("fever", "Do you have a fever, or feel ill with it?", "fever or feeling ill with the pain"),
        RedFlag("fall", "Was there a fall or a blow before it?", "a fall or blow before it"),
        RedFlag("night", "Is it there at night or at rest, and does not ease?", "pain at night or at rest"),
        RedFlag("weight", "Have you lost weight without a reason?", "unexplained loss of weight"),
        RedFlag("cancer", "Have you ever had cancer?", "a history of cancer"),
        RedFlag("cortisone", "Have you taken cortisone for long?", "long use of cortisone"),
    )
}
LASTS = RedFlag("lasts", "", "pain that lasts more than 24 h")

_NOW = "Seek care now: {}. Stop running."
_STOP = "Stop, and see a clinician: {}."
OFF = (
    "Cueing is switched off at the clip's next sync, the metronome too; the clip goes on recording. When a clinician "
    "has seen it, `formclip pain resume` restores the mode of before."
)


def raised(flags: Iterable[str], lasted_h: float | None) -> tuple[RedFlag, ...]:
    """The red flags among answers, those that need care now first."""
    found = [flag for key, flag in RED_FLAGS.items() if key in set(flags)]
    return (*found, LASTS) if lasted_h is not None and lasted_h > LONGEST_H else tuple(found)


def advice(found: tuple[RedFlag, ...]) -> tuple[str, ...]:
    """What is said of them, and that cueing is switched off; nothing where there is none."""
    return (*what_to_do(found), OFF) if found else ()


def what_to_do(found: tuple[RedFlag, ...]) -> tuple[str, ...]:
    """The same of the runner alone."""
    now = ", ".join(flag.said for flag in found if flag.now)
    other = ", ".join(flag.said for flag in found if not flag.now)
    return tuple(text.format(names) for text, names in ((_NOW, now), (_STOP, other)) if names)
