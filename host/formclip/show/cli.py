"""The command `formclip`: finds the subcommand, and turns every error into one line and an exit code.

Subcommands are imported when they are used, so that `formclip --help` and completion stay quick. A new one is a file
in show/commands and a row of COMMANDS: its name and its line of help (a test compares it with the command's own).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from formclip.ground.errors import FormclipError, NotInstalled, printable
from formclip.ground.terminal import spell_streams
from formclip.show.tell import tell

COMMANDS = {
    "demo": "Show it all without hardware: simulate, replay, report.",
    "replay": "Run the clip's own code over a recorded trace.",
    "sweep": "Ask runs what cues other settings had given.",
    "import": "Turn recordings of other apps into traces.",
    "simulate": "Make a synthetic run with complete truth.",
    "ui": "Open your record in the browser.",
    "report": "Draw a run as one self-contained HTML page.",
    "sync": "Fetch the runs from the clips in reach.",
    "add": "Take a recording or a log into the record.",
    "sessions": "List the runs in the store.",
    "show": "Show one run in figures.",
    "name": "Give a run a name, and say what you know of it.",
    "note": "Keep a note beside a run.",
    "hide": "Leave a run out of lists and lines.",
    "delete": "Throw a run away; the bin keeps it for 30 days.",
    "clips": "List the clips that have been synced.",
    "store": "Look after the folder that holds the runs.",
    "trends": "Show each figure over the weeks.",
    "compare": "Set two runs, or two spans, side by side.",
    "baseline": "Show what is usual for you, and carry it to the clip.",
    "load": "Show how much you ran, and what rose fast.",
    "plan": "Four weeks of exercises, from what your runs point to.",
    "merge": "Put a run and its watch's file together.",
    "cues": "Show what cues did, against faults not cued.",
    "pain": "Keep a pain log, and see it beside form and load.",
    "export": "Write runs for other programs: FIT, CSV, Parquet.",
    "live": "Watch a run as it happens.",
    "config": "See and change a clip's settings.",
    "calibrate": "Zero the clip while you stand.",
    "calibrate-speed": "Make the speed your own, from a run of known distance.",
    "virtual-clip": "Run the firmware on a virtual board.",
    "deploy": "Put the firmware on a board.",
    "freeze": "Put the firmware into a checkout of CircuitPython.",
    "doctor": "Say what is wrong with a board or its drive.",
    "validate": "Score replay against traces whose truth is known.",
    "completion": "Print the completion script for your shell.",
}

PACKAGES = {"gaitcore", "formclip"}


class LazyGroup(click.Group):
    """A group whose commands are imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name = "formclip.show.commands." + cmd_name.replace("-", "_")
        try:
            command = getattr(importlib.import_module(module_name), module_name.rpartition(".")[2] + "_command")
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in PACKAGES and error.name != module_name:
                raise
            raise NotInstalled(
                f"the command '{cmd_name}' needs {error.name}, which is not installed",
                "install formclip again: it comes with it",
            ) from error
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else "`formclip --help` lists them"
            raise click.UsageError(f"no command '{printable(args[0])}'; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit codes: 0 done, 1 a fault in formclip, 2 wrong use, 3 not a trace, 4 not a log, 5 a setting refused, "
    "6 a file can't be read or written, 7 a goal missed, 8 not installed; of the clip's radio 10 no adapter, 11 "
    "switched off, 12 no clip, 13 not paired, 14 refused, 15 went away, 16 other version, 17 busy, 18 faulty, 19 this "
    "computer's disk is full, 20 its clock is wrong; 21 a watch's file of another run. Not a medical device.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error (may stand anywhere).")
@click.version_option(package_name="formclip", prog_name="formclip")
def cli(debug: bool) -> None:
    """Running form, measured at the waist.

    Companion of an open clip that buzzes when the runner overstrides or
    arches the lower back. Start with: formclip demo
    """


_IN_OUR_WORDS = (
    ("a valid integer range", "a whole number"),
    ("a valid integer", "a whole number"),
    ("a valid float range", "a number"),
    ("a valid float", "a number"),
)


def _usage_line(error: click.ClickException) -> str:
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "formclip"
    message = printable(" ".join(error.format_message().split())).rstrip(".")
    for theirs, ours in _IN_OUR_WORDS:
        message = message.replace(theirs, ours)
    if " --help`" in message:
        return f"{path}: {message}"
    return f"{path}: {message}; see `{path} --help`"


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Errors go to stderr in one line, or with a traceback after --debug."""
    debug = "--debug" in arguments or bool(os.environ.get("FORMCLIP_DEBUG"))
    rest = [argument for argument in arguments if argument != "--debug"]
    stdout = sys.stdout
    try:
        result = cli.main(rest, prog_name="formclip", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        assert error.ctx is not None
        tell(error.ctx.get_help())
        return 0
    except (click.Abort, KeyboardInterrupt):
        if debug:
            raise
        tell("formclip: stopped", err=True)
        return 130
    except click.ClickException as error:
        if debug:
            raise
        tell(_usage_line(error), err=True)
        return 2
    except FormclipError as error:
        if debug:
            raise
        tell(f"formclip: {error}", err=True)
        return error.exit_code
    except (BrokenPipeError, SystemExit) as error:
        # The reader of our output has gone, as with `| head`: nothing to say, and nobody to say it to. Where click
        # sees it first, it puts a quiet stream in place of stdout and ends the program with 1, a fault's exit code.
        if isinstance(error, SystemExit) and sys.stdout is stdout:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        what = " ".join(printable(f"{type(error).__name__}: {error}").split())
        tell(f"formclip: a fault in formclip itself: {what}; run it again with --debug and report it", err=True)
        return 1


def main() -> NoReturn:
    spell_streams()
    sys.exit(run(sys.argv[1:]))
