"""docs/laptop/sync.md: every exit code of the radio's errors stands in its table, every command in its other one."""

import re

from formclip.runs.sync import errors
from formclip.show import cli


def test_every_exit_code_stands_in_the_page_and_the_help(repo):
    page = (repo / "docs" / "laptop" / "sync.md").read_text()
    table = {int(code): said for code, said in re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.M)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    codes = {kind.exit_code for kind in kinds}
    assert set(table) == codes == set(range(10, 20))
    for code in codes:
        assert f" {code} " in " ".join(cli.cli.epilog.split())


def test_every_radio_command_stands_in_the_page(repo):
    page = (repo / "docs" / "laptop" / "sync.md").read_text()
    for name, (where, _) in cli.COMMANDS.items():
        if where.startswith("formclip.runs.sync."):
            assert f"`{name}" in page, name
