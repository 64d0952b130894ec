"""The same scripts on CPython (numpy, strict ulab, 30-bit floats), the MicroPython VM and DEVICE_PYTHON."""

import subprocess
import sys

import pytest
from formclip.firmware import interpreters
from gaitcore import records

from tests.interpreters import NAMES, PORTABLE, get, run

SCRIPTS = sorted(path.name for path in PORTABLE.glob("check_*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("name", NAMES)
def test_each_script_passes_on_each_interpreter(name, script):
    assert run(name, script, heap_kb=4096).strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_script_that_fails_is_seen_to_fail(name, tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("from portable import near\nnear(1.0, 2.0, 0.5)\n")
    try:
        interpreter = interpreters.find(name)
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    done = interpreter.run(bad, folders=(PORTABLE,))
    assert done.returncode != 0
    assert "not 2.0 within 0.5" in done.stdout + done.stderr


def test_the_vm_keeps_to_its_heap(tmp_path):
    big = tmp_path / "big.py"
    big.write_text("bytearray(400000)\nprint('room')\n")
    try:
        vm = interpreters.find("micropython")
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    assert "room" in vm.run(big, heap_kb=1024).stdout
    assert "MemoryError" in "".join(vm.run(big, heap_kb=256).stderr + vm.run(big, heap_kb=256).stdout)


def test_an_absent_device_python_says_so(monkeypatch):
    monkeypatch.delenv("DEVICE_PYTHON", raising=False)
    with pytest.raises(interpreters.NoInterpreter, match="DEVICE_PYTHON names no interpreter"):
        interpreters.find("device")
    monkeypatch.setenv("DEVICE_PYTHON", "/nowhere/circuitpython")
    with pytest.raises(interpreters.NoInterpreter, match="cannot be run"):
        interpreters.find("device")


@pytest.mark.parametrize("name", ["cpython", "micropython"])
def test_device_python_may_be_either_kind(name, tmp_path, monkeypatch):
    command = sys.executable if name == "cpython" else get("micropython").command[0]
    monkeypatch.setenv("DEVICE_PYTHON", command)
    script = tmp_path / "who.py"
    script.write_text(
        "import sys\nfrom gaitcore.compat import np\nprint(sys.implementation.name, hasattr(np, 'cumsum'))\n"
    )
    done = interpreters.find("device").run(script, heap_kb=4096)
    assert done.stdout.split() == [name, "False"], done.stderr  # and ulab's functions, not numpy's


def test_device_python_that_is_no_python_says_so(monkeypatch):
    monkeypatch.setenv("DEVICE_PYTHON", "true")
    with pytest.raises(interpreters.NoInterpreter, match="DEVICE_PYTHON=true is no Python"):
        interpreters.find("device")


def test_float30_rounds_as_the_board_was_measured(tmp_path):
    script = tmp_path / "hour.py"
    script.write_text("t = 0.0\nfor _ in range(3600 * 104):\n    t += 1 / 104\nprint(t)\n")
    out = interpreters.find("float30").run(script).stdout
    assert abs(float(out) - 3647.7) < 0.05


def test_gaitcore_takes_numpy_without_the_stand_in():
    code = "from gaitcore.compat import np; print(np.__name__)"
    shared = str(interpreters.SHARED)
    out = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": shared}, capture_output=True, text=True)
    assert out.stdout.strip() == "numpy"


def _records(name, seconds=40, rate_hz=104, block_samples=26):
    out = run(name, "session_run.py", *map(str, (seconds, rate_hz, block_samples)), heap_kb=4096)
    steps, commands = [], []
    for line in out.splitlines():
        words = line.split()
        if words[0] == "step":
            steps.append([int(w) for w in words[1:]])
        elif words[0] == "command":
            commands.append(words[1:])
    return steps, commands


@pytest.fixture(scope="module")
def on_numpy():
    return _records("numpy")


@pytest.mark.parametrize("name", [n for n in NAMES if n != "numpy"])
def test_a_session_records_the_same_on_each_interpreter(name, on_numpy):
    """Same steps and commands; each recorded field within one count of its scale (30-bit floats: two)."""
    steps, commands = _records(name)
    assert len(steps) == len(on_numpy[0]) > 50
    assert commands == on_numpy[1]
    if name in ("float30", "device"):
        _within_30_bits(steps, on_numpy[0])
        return
    worst = max(abs(a - b) for got, want in zip(steps, on_numpy[0]) for a, b in zip(got, want))
    assert worst <= 1, "a field differs by %d counts" % worst


def _within_30_bits(steps, wanted):
    """Two counts. Where the filter began anew its covariance is a small difference of large numbers: for ten steps from
    there on tilt may differ by four counts, 0.04 deg, and one step more or less may count as settling."""
    tilt, flags = 1 + records.TILT, 1 + records.FLAGS  # behind the time
    settled = 0
    edges = 0
    for got, want in zip(steps, wanted):
        settled = 0 if (got[flags] | want[flags]) & records.SETTLING else settled + 1
        apart = [abs(a - b) for a, b in zip(got, want)]
        if got[flags] ^ want[flags] == records.SETTLING:
            edges += 1
            apart[flags] = 0
        if settled <= 10:
            assert apart[tilt] <= 4
            apart[tilt] = 0
        assert max(apart) <= 2, "a field differs by %d counts" % max(apart)
    assert edges <= 1


def test_other_blocks_give_the_same_records_on_the_vm():
    assert _records("micropython", block_samples=17) == _records("micropython", block_samples=200)
