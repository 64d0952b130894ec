"""CircuitPython's `os`, on the drive."""

import drive as _drive
import world as _world

sep = "/"
_rng = [0x9E3779B9]


class _Uname:
    sysname = "nrf52"
    nodename = "nrf52"
    release = "10.2.1"
    version = "10.2.1 on 2026-06-01"
    machine = "virtual"


def uname():
    return _Uname


def listdir(path="/"):
    return _drive.fs.listdir(path)


def stat(path):
    return _drive.fs.stat(path)


def statvfs(path):
    return _drive.fs.statvfs()


def mkdir(path):
    _drive.fs.mkdir(path)


def remove(path):
    _drive.fs.remove(path)


unlink = rmdir = remove


def rename(old, new):
    _drive.fs.rename(old, new)


def sync():
    _drive.fs.sync()


def getcwd():
    return "/"


def urandom(n):
    """Repeatable: the board's seed and the clock."""
    out = bytearray(n)
    x = (_rng[0] ^ _world.world.now_us ^ _world.world.config.get("seed", 1) * 2654435761) & 0xFFFFFFFF or 1
    for i in range(n):
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        out[i] = x & 255
    _rng[0] = x
    return bytes(out)


def getenv(key, default=None):
    """A text of settings.toml; ValueError for what is not in quotes, or goes on behind them, as the device has it.

    Source   CircuitPython shared-module/os/getenv.c
    """
    try:
        with _drive.fs.open("/settings.toml") as f:
            lines = list(f)
    except OSError:
        return default
    for line in lines:
        if line.lstrip().startswith("["):
            return default  # sections are not read
        name, eq, value = line.partition("=")
        if eq and name.strip() == key:
            value = value.strip()
            if not value.startswith('"'):
                raise ValueError("Expected quoted string")
            text, quote, rest = value[1:].partition('"')
            rest = rest.strip()
            if not quote or rest and not rest.startswith("#"):
                raise ValueError("Invalid byte '%s'" % (rest[:1] or "\\n"))
            return text
    return default
