"""Run one test script on every interpreter: parametrise over NAMES, `get` skips with a reason what is not here."""

from pathlib import Path

import pytest
from formclip.firmware import interpreters

NAMES = interpreters.NAMES
PORTABLE = Path(__file__).resolve().parent / "portable"


def get(name):
    try:
        return interpreters.find(name)
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))


def run(name, script, *args, **options):
    """Standard output of a script of tests/portable on one interpreter; fails the test when the script fails."""
    done = get(name).run(PORTABLE / script, *args, folders=(PORTABLE,), **options)
    assert done.returncode == 0, "%s on %s:\n%s%s" % (script, name, done.stdout, done.stderr)
    return done.stdout
