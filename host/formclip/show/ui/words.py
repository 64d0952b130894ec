"""What functions say of commands, said of the page: where the page has a button, its words point to the button.

The functions below `show` speak to whoever calls them, and name the next command. The page puts the place that does the
same in its stead. What only a terminal can do (deploy, store check, doctor) keeps its command.
"""

from __future__ import annotations

_PAIR = "fetch its runs on Clip with “First time on this computer” ticked"
_SETTINGS = "Clip lists them with their ranges"

# A phrase of a function: that of the page. The longer first.
INSTEAD: tuple[tuple[str, str], ...] = (
    ("`formclip pain resume` restores", "the button on Pain restores"),
    ("formclip pain resume restores", "the button on Pain restores"),
    ("formclip pain resume", "press the button on Pain"),
    ("formclip pain list shows them", "the log on Pain shows them"),
    ("press its button, then within 60 s: formclip sync --pair", f"press its button, then within 60 s {_PAIR}"),
    (
        "press the clip's button once, then within 60 s: formclip sync --pair",
        f"press its button, then within 60 s {_PAIR}",
    ),
    ("press its button, then: formclip sync --pair", f"press its button, then {_PAIR}"),
    ("if that does not help: formclip sync --pair", f"if that does not help, {_PAIR}"),
    (
        "formclip sync fetches them from a clip, formclip add takes a recording",
        "Clip fetches them, Import takes a recording",
    ),
    ("formclip sync lists what it has", "fetch its runs on Clip"),
    ("next: formclip sync", "fetch your runs on Clip"),
    ("formclip sessions lists", "Runs lists"),
    ("formclip show tells which", "their pages tell which"),
    ("look at it with formclip report", "its page shows what it holds"),
    ("formclip replay shows what it holds", "“Look at it” shows what it holds"),
    ("formclip name RUN --at says it", "its page takes one"),
    ("formclip name RUN --distance KM says it", "a run's page takes it"),
    ("formclip config set faded_session 5, with faded on", "on Clip set Faded session to 5, and Faded to on"),
    ("formclip config ranges lists them", _SETTINGS),
    ("formclip config ranges lists those that are", _SETTINGS),
    ("formclip config --ranges shows what it takes", _SETTINGS),
    ("formclip plan start begins", "“Begin these four weeks” on Plan begins"),
    ("; --watch-folder DIR looks for it", ""),
    ("say it with --at 2026-11-03T07:15", "say when it began"),
    ("leave --at out: their logs tell", "leave the date empty: their logs tell"),
    ("give the right one with --at", "give the right one on the run's page"),
    ("name one with --clip", "choose one on Clip"),
    ("run this again", "try again"),
    ("run it again", "try again"),
    (", as --fix does,", ", as “Put right” does on Import,"),
    (", as --fix does", ", as “Put right” does on Import"),
    (", or have --fix do so", ", or have “Put right” on Import do so"),
    ("--columns", "“Columns”"),
    ("--acc-unit", "“Unit of acceleration”"),
    ("--gyr-unit", "“Unit of turning”"),
    ("--time-unit", "“Unit of time”"),
    ("--rate", "“Rows a second”"),
)


def here(text: str) -> str:
    """The text, as the page says it."""
    for said, instead in INSTEAD:
        text = text.replace(said, instead)
    return text
