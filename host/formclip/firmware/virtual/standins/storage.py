"""CircuitPython's `storage`: who may write the drive."""

import drive as _drive
import world as _world


def remount(mount_path, readonly=False, *, disable_concurrent_write_protection=False):
    if mount_path != "/":
        raise OSError(19, "No such device")
    w = _world.world
    if w.stage != "boot" and w.usb and not _drive.fs.hidden:
        raise RuntimeError("Cannot remount path when visible via USB.")
    _drive.fs.readonly = readonly


def disable_usb_drive():
    if _world.world.stage != "boot":
        raise RuntimeError("Cannot change USB devices now")
    _drive.fs.hidden = True


def enable_usb_drive():
    if _world.world.stage != "boot":
        raise RuntimeError("Cannot change USB devices now")
    _drive.fs.hidden = False


class _Mount:
    @property
    def readonly(self):
        return _drive.fs.readonly

    label = "CIRCUITPY"


def getmount(mount_path):
    if mount_path != "/":
        raise OSError(19, "No such device")
    return _Mount()


def erase_filesystem(extended=None):
    _drive.fs.format()
    raise _world.BoardReset("SOFTWARE", "NONE", False)
