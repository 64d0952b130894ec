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
    """Values of settings.toml: strings and whole numbers, as the device has it."""
    try:
        with _drive.fs.open("/settings.toml") as f:
            lines = list(f)
    except OSError:
        return default
    for line in lines:
        name, eq, value = line.partition("=")
        if eq and name.strip() == key:
            value = value.strip()
            if value.startswith('"'):
                return value[1:].split('"')[0]
            value = value.split("#")[0].strip()
            if value in ("true", "false"):
                return int(value == "true")
            return int(value)
    return default
