"""docs/laptop/sync.md: every exit code of the radio's errors stands in its table, every command in its other one."""

import re

import click
from formclip.runs.store import errors as store_errors
from formclip.runs.sync import errors
from formclip.show import cli


def test_every_exit_code_stands_in_the_page_and_the_help(repo):
    page = (repo / "docs" / "laptop" / "sync.md").read_text()
    table = {int(code): said for code, said in re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.M)}
    kinds = [
        kind
        for module in (errors, store_errors)
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]
    codes = {kind.exit_code for kind in kinds}
    assert set(table) == codes == set(range(10, 21))
    for code in codes:
        assert f" {code} " in " ".join(cli.cli.epilog.split())


def test_every_radio_command_stands_in_the_page(repo):
    page = (repo / "docs" / "laptop" / "sync.md").read_text()
    told = 0
    for name in cli.COMMANDS:
        command = cli.cli.get_command(click.Context(cli.cli), name)
        inner = command.commands.values() if isinstance(command, click.Group) else [command]
        if any("--virtual" in option.opts for one in inner for option in one.params):
            assert f"`{name}" in page, name
            told += 1
    assert told >= 4
