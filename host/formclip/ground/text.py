"""Figures and times as text, the same in terminal, report and page."""

from __future__ import annotations

import math


def number(value: float, digits: int) -> str:
    """A figure with its digits and a real minus sign, never a minus zero; an en dash where there is none."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def signed(value: float, digits: int) -> str:
    """The same with its sign; zero and what is not known have none."""
    text = number(value, digits)
    return text if text.startswith(("−", "–")) or float(text) == 0 else f"+{text}"


def with_unit(figure: str, unit: str) -> str:
    """7.0°, 167 steps/min; a figure alone where it has no unit."""
    return f"{figure}{unit}" if unit == "°" else f"{figure} {unit}".rstrip()


def counted(count: int, noun: str) -> str:
    """1 run, 2 runs."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def clock(seconds: float, digits: int = 0) -> str:
    """Minutes and seconds, with hours where there are any: 4:05, 1:02:03; with `digits` after the point 4:05.2."""
    whole, _, rest = f"{seconds:.{digits}f}".partition(".")
    hours, minutes = int(whole) // 3600, int(whole) % 3600 // 60
    end = f"{int(whole) % 60:02d}" + (f".{rest}" if rest else "")
    return f"{hours}:{minutes:02d}:{end}" if hours else f"{minutes}:{end}"
