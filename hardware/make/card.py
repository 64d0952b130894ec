"""The card for the fridge: what the motor says, drawn as pulses along time, and what the button does.

Moments and lights are the README's table, which a test holds to the firmware; the pulses come from gaitcore itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gaitcore import patterns
from gaitcore.settings import Settings

from hardware.make.data import MADE, REPO, DataError
from hardware.make.svg import Drawing

GROWS = {"OVERSTRIDE": "overstride_pulse_ms", "ARCH": "arch_pulse_ms", "OK": "ok_pulse_ms"}
GROUPS = (
    ("While you run", ("OVERSTRIDE", "ARCH", "OK", "BEAT", "PAUSE", "RESUME")),
    (
        "Answers to the button",
        ("START", "STOP", "MUTE", "UNMUTE", "STAND", "SQUEEZE", "CALIBRATED", "REFUSED", "MARKER", "OFF"),
    ),
    ("Something is wrong", ("SLIPPED", "LOW_BATTERY", "LOG_FULL", "SENSOR_FAULT", "DRIVE_FAULT", "SETTING_FAULT")),
)
COLOURS = {
    "pulse": ("#1b1e23", "#e6e8eb"),
    "red": ("#c8232c", "#ff6166"),
    "green": ("#1c7c3c", "#4cc474"),
    "blue": ("#1f5fbf", "#5c9dff"),
}


@dataclass(frozen=True)
class Moment:
    """One pattern: what it says, how the light shows it, its pulses: ms on, ms off, strength in per cent."""

    name: str
    says: str
    light: str
    pulses: tuple[tuple[int, int, int], ...]


def readme_rows(pattern: str, text: str | None = None) -> list[tuple[str, ...]]:
    text = (REPO / "README.md").read_text("utf-8") if text is None else text
    found = re.findall(pattern, text, re.M)
    if not found:
        raise DataError("README.md has no such table any more")
    return found


def moments() -> dict[str, Moment]:
    settings = Settings()
    found = {}
    for says, _, light, name in readme_rows(r"^\| (.+?) \| `(.+?)` \| (.+?) \| <!-- (\w+) --> ?\|$"):
        pulse_ms = getattr(settings, GROWS[name]) if name in GROWS else 0
        pulses = tuple(patterns.sequence(getattr(patterns, name), pulse_ms, settings))
        found[name] = Moment(name, says, light, pulses)
    return found


def presses() -> list[tuple[str, ...]]:
    """What the button does, as the README has it."""
    return readme_rows(r"^\| ((?:short|double|long|very long) press.*?) \| (.+?) \|$")


def words(moment: Moment) -> str:
    """The pulses in words: short up to 160 ms, long from 300, very long from 700."""
    kinds = []
    for on_ms, _, _ in moment.pulses:
        kinds.append(
            "short" if on_ms <= 160 else "very long" if on_ms >= 700 else "long" if on_ms >= 300 else "middling"
        )
    return " – ".join(kinds)


def table() -> str:
    known = moments()
    lines = []
    for title, names in GROUPS:
        lines += [f"**{title}**", "", "| | motor | light |", "| --- | --- | --- |"]
        lines += [f"| {known[name].says} | {words(known[name])} | {known[name].light} |" for name in names]
        lines.append("")
    return "\n".join(lines).rstrip()


def press_table() -> str:
    return "\n".join(
        ["| button | what it does |", "| --- | --- |", *(f"| {press} | {does} |" for press, does in presses())]
    )


def svg() -> str:
    known = moments()
    grouped = [name for _, names in GROUPS for name in names]
    if set(grouped) != set(known):
        raise DataError(f"the card's groups do not name {set(known) ^ set(grouped)}")
    px_ms, line = 0.16, 25
    height = 130 + line * (len(grouped) + len(presses())) + 40 * (len(GROUPS) + 1)
    drawing = Drawing(840, height, "formclip: what the motor says, what the button does", COLOURS)
    drawing.text(30, 40, "formclip", 24, "start", font_weight="bold")
    drawing.text(30, 64, "Clip it to the waistband over the sacrum, press, stand still for 10 s, run.", 13, "start")
    y = 84.0
    for title, names in GROUPS:
        y += 34
        drawing.text(30, y, title, 15, "start", font_weight="bold")
        y += 8
        for name in names:
            moment = known[name]
            y += line
            drawing.text(40, y, moment.says, 12, "start")
            at = 400.0
            for on_ms, off_ms, strength_pct in moment.pulses:
                high = 15 * strength_pct / 100
                drawing.rect(at, y + 1 - high, on_ms * px_ms, high, 1.5, fill="var(--pulse)")
                at += (on_ms + off_ms) * px_ms
            colour, _, blinks = moment.light.partition(" ")
            for k in range(int(blinks) if blinks else 0):
                drawing.circle(700 + 18 * k, y - 5, 5.5, fill=f"var(--{colour})")
            if blinks:
                drawing.text(700 + 18 * int(blinks) + 2, y, colour, 11, "start")
    y += 34
    drawing.text(30, y, "Button", 15, "start", font_weight="bold")
    y += 8
    for press, does in presses():
        y += line
        drawing.text(40, y, press, 12, "start")
        drawing.text(400, y, does, 12, "start")
    y += 40
    drawing.line(400, y - 4, 400 + 1000 * px_ms, y - 4, stroke="currentColor", stroke_width=2)
    drawing.text(400 + 1000 * px_ms + 8, y, "one second; a bar's height is the strength", 11, "start")
    drawing.text(30, y + 24, "Not a medical device. Pain that lasts or shoots: stop, see a clinician.", 11, "start")
    return drawing.svg()


def write() -> None:
    (MADE / "card.svg").write_text(svg(), encoding="utf-8")
