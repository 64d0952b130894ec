"""The one way from formclip to a terminal: what is printed, whoever wrote it, is text and no command to a terminal.

A clip's name, a file's, a note in somebody's backup can hold escape sequences. Here they come out as \\x1b.
"""

from __future__ import annotations

import json
from typing import Any

import click

from formclip.ground.errors import printable


def tell(text: object = "", err: bool = False) -> None:
    """Lines to stdout, or to stderr."""
    lines = str(text).split("\n")
    click.echo("\n".join("\t".join(printable(part) for part in line.split("\t")) for line in lines), err=err)


def tell_json(told: Any, indent: int | None = None) -> None:
    """JSON to stdout, in ASCII: no terminal changes it on the way."""
    click.echo(json.dumps(told, indent=indent).replace("\x7f", "\\u007f"))
