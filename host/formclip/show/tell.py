"""The one way from formclip to a terminal: what is printed, whoever wrote it, is text and no command to a terminal.

A clip's name, a file's, a note in somebody's backup can hold escape sequences. Here they come out as \\x1b. Lines that
are longer than the terminal is wide are broken between words; in a file or a pipe each stays one line.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import Any

import click

from formclip.ground.errors import printable


def tell(text: object = "", err: bool = False) -> None:
    """Lines to stdout, or to stderr."""
    lines = ["\t".join(printable(part) for part in line.split("\t")) for line in str(text).split("\n")]
    if not err and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        lines = [part for line in lines for part in folded(line, width)]
    click.echo("\n".join(lines), err=err)


def folded(line: str, width: int) -> list[str]:
    """A line as it goes onto a terminal so wide: broken between words, what follows indented by two more."""
    if len(line) <= width or "\t" in line:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def tell_json(told: Any, indent: int | None = None) -> None:
    """JSON to stdout, in ASCII: no terminal changes it on the way."""
    click.echo(json.dumps(told, indent=indent).replace("\x7f", "\\u007f"))
