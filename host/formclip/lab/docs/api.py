"""docs/lab/api.md, made of the docstrings of `import formclip`: `python -m formclip.lab.docs.api > docs/lab/api.md`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from formclip.lab import api

_HEAD = """# From Python

Everything that the commands do can be called from Python, typed, with arrays in and out. This page is made of the
docstrings by `python -m formclip.lab.docs.api`; [examples/](../../examples) has four scripts that run as they are.

    import formclip as fc
    import numpy as np

    run = fc.replay("run.imu.csv.xz")             # the clip's own code over a recorded trace
    np.nanmean(run.columns["contact_ms"])         # as steps.csv: one value a step, NaN where not measured
    run.to_frame()                                # the same as a table, where pandas is installed
    [cue.kind for cue in run.cues]

    again = fc.replay("run.imu.csv.xz", {"tilt_cue_deg": 8})      # with other settings
    made = fc.simulate("demo", seed=1)                            # a run of which everything is known
    fc.replay(made).summary["mean"], made.truth["cadence_spm"]

`import formclip` itself imports nothing large: the rest comes when it is first used. Units stand in the names (`_ms`,
`_deg`, `_spm`, `_mps` for m/s), shapes in the descriptions: (n, 3) is an array of n rows of three. Errors that a person
can act on are `fc.FormclipError`: `what`, `path`, `place`, `next_step` are its parts, and `str()` is one line of them.
"""


# Of a large class, what somebody who looks at runs wants.
_SHOWN = {"Store": ("sessions", "named", "clips"), "Scenario": ()}


def _text(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


def _signature(thing: Any) -> str:
    """As it is called: names and defaults; types stand in the code."""
    shown = []
    for parameter in inspect.signature(thing).parameters.values():
        if parameter.name == "self":
            continue
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        shown.append(stars + parameter.name + default)
    return "(" + ", ".join(shown) + ")"


def _described(text: str) -> Iterator[str]:
    """The first paragraph as text, the rest as it stands: its columns are its form."""
    first, _, rest = text.partition("\n\n")
    yield " ".join(first.split())
    if rest:
        yield ""
        yield from ("    " + line if line else "" for line in rest.splitlines())


def _members(kind: type) -> Iterator[str]:
    """Public methods and properties of the class and of those of ours that it is made of: name, first line."""
    seen: set[str] = set()
    for base in kind.__mro__:
        if not base.__module__.startswith("formclip"):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") or name in seen or name not in _SHOWN.get(kind.__name__, (name,)):
                continue
            seen.add(name)
            if isinstance(member, property) and _text(member):
                yield f"| `.{name}` | {_line(member)} |"
            elif inspect.isfunction(member) and _text(member):
                yield f"| `.{name}{_signature(member)}` | {_line(member)} |"


def _line(thing: Any) -> str:
    first = _text(thing).partition("\n\n")[0]
    return re.sub(r"\s+", " ", first).replace("|", "\\|")


def page() -> str:
    lines = [_HEAD]
    for name in api.__all__:
        thing = getattr(api, name)
        if inspect.isfunction(thing):
            lines += [f"## fc.{name}{_signature(thing)}", "", *_described(_text(thing)), ""]
            continue
        lines += [f"## fc.{name}", "", *_described(_text(thing)), ""]
        members = list(_members(thing))
        if members:
            lines += ["| | |", "| --- | --- |", *members, ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
