"""A virtual machine with Debian's own kernel and bluetoothd, from what is installed here. Needs no network, no root.

The guest's root is this computer's file system, read-only (9p): so its Python, bluetoothd and libraries are the ones
installed here, and nothing is built or copied but an initramfs of a few hundred kB with the modules that reach it.
"""

import json
import lzma
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PACKAGES = "apt install qemu-system-x86 linux-image-amd64 bluez dbus busybox-static"
# What the initramfs needs to reach the host's files; hci_vhci and the rest are loaded from there.
MODULES = ("virtio_pci", "9pnet_virtio", "9p")
TOOLS = ("sh", "mount", "mkdir", "insmod", "cp", "switch_root", "echo")
BLUETOOTHD = ("/usr/libexec/bluetooth/bluetoothd", "/usr/lib/bluetooth/bluetoothd")
BOOT_S = 180.0
MEMORY_MB = 768

INIT = """#!/bin/sh
export PATH=/bin
mkdir -p /proc /sys /dev /host
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
{insmod}
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=512000 host /host
mount -t proc none /host/proc
mount -t sysfs none /host/sys
mount -t devtmpfs none /host/dev
mount -t tmpfs none /host/run
mount -t tmpfs none /host/var/lib/bluetooth
mkdir /host/run/out
mount -t 9p -o rw,trans=virtio,version=9p2000.L,cache=none,msize=512000 out /host/run/out
cp /guest.json /host/run/guest.json
exec switch_root /host {python} {guest}
"""


class CannotRun(Exception):
    """This computer lacks something that the machine is made of; the text says what."""


def _kernel() -> tuple[Path, Path]:
    """(image, its folder of modules) of the newest installed kernel that has a virtual Bluetooth adapter."""
    found = []
    for modules in Path("/lib/modules").glob("*"):
        image = Path("/boot") / f"vmlinuz-{modules.name}"
        if image.is_file() and list(modules.glob("kernel/drivers/bluetooth/hci_vhci.ko*")):
            found.append((image, modules))
    readable = [pair for pair in found if os.access(pair[0], os.R_OK)]
    if found and not readable:
        raise CannotRun(f"{found[0][0]} is not readable: chmod a+r it, or run as root")
    if not readable:
        raise CannotRun(f"no kernel with hci_vhci in /boot and /lib/modules: {PACKAGES}")
    return max(readable, key=lambda pair: [int(n) for n in pair[1].name.replace("-", ".").split(".") if n.isdigit()])


def requirements() -> dict:
    """Where everything is that the machine is made of. CannotRun when something is not here."""
    qemu, busybox = shutil.which("qemu-system-x86_64"), shutil.which("busybox")
    missing = [
        package
        for package, here in (
            ("qemu-system-x86", qemu),
            ("bluez", any(os.path.exists(path) for path in BLUETOOTHD)),
            ("dbus", shutil.which("dbus-daemon")),
            ("busybox-static", busybox),
        )
        if not here
    ]
    if missing:
        raise CannotRun(f"{', '.join(missing)} not installed: {PACKAGES}")
    image, modules = _kernel()
    return {"qemu": qemu, "busybox": Path(busybox), "image": image, "modules": modules}


def _in_order(folder: Path, names) -> list[Path]:
    """The module files to load for `names`, what each needs before it; those built into the kernel left out."""
    needs = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[path.rsplit("/", 1)[-1].split(".")[0].replace("-", "_")] = [path, *others.split()]
    ordered: list[Path] = []
    for name in names:
        for path in reversed(needs.get(name, [])):
            if folder / path not in ordered:
                ordered.append(folder / path)
    return ordered


def _plain(path: Path) -> bytes:
    """A module's bytes, unpacked."""
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
    return path.read_bytes()


def _cpio(entries) -> bytes:
    """An archive (newc) of (name, mode, data)."""
    out = bytearray()
    for inode, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")]):
        named = name.encode() + b"\0"
        fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(named), 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + named
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


def _initramfs(parts: dict, guest: dict, python: str) -> bytes:
    modules = _in_order(parts["modules"], MODULES)
    names = [path.name.split(".")[0] + ".ko" for path in modules]
    init = INIT.format(
        insmod="\n".join(f"insmod /modules/{name}" for name in names),
        python=python,
        guest=Path(__file__).with_name("guest.py"),
    )
    return _cpio(
        [
            ("bin", 0o040755, b""),
            ("modules", 0o040755, b""),
            ("init", 0o100755, init.encode()),
            ("guest.json", 0o100644, json.dumps(guest).encode()),
            ("bin/busybox", 0o100755, parts["busybox"].read_bytes()),
            *((f"bin/{tool}", 0o120777, b"busybox") for tool in TOOLS),
            *((f"modules/{name}", 0o100644, _plain(path)) for name, path in zip(names, modules)),
        ]
    )


class Done:
    """A command of the guest that has ended."""

    def __init__(self, answer):
        self.code, self.out, self.err = answer["code"], answer["out"], answer["err"]
        self.seconds = answer["seconds"]

    def __repr__(self):
        return f"exit {self.code} after {self.seconds:.1f} s\n{self.out}{self.err}"


class Machine:
    """The guest, booted; its adapter is in the air at `air` (HOST:PORT).

    In      run, start, signal: commands; plug, unplug, start_bluetoothd, stop_bluetoothd; close
    Out     folder `out`: the guest's /run/out; boot_s: the guest's own clock when it was ready
    Errors  CannotRun; RuntimeError with the end of the console when the guest dies
    """

    def __init__(self, folder: Path, air: str):
        parts = requirements()
        self.out = folder / "out"
        self.out.mkdir(parents=True)
        self._console = folder / "console.txt"
        self._sockets = tempfile.TemporaryDirectory()  # a socket's path has to be short
        self._waiting: dict[int, Future] = {0: Future()}
        self._number = 0
        self._lock = threading.Lock()
        env = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": f"{REPO / 'shared'}:{REPO / 'host'}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "HOME": "/run/home",
            "TMPDIR": "/run/tmp",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
        }
        image = folder / "initramfs"
        image.write_bytes(
            _initramfs(
                parts, {"env": env, "bluetoothd": ["--debug"] if os.environ.get("BLUEZ_DEBUG") else []}, sys.executable
            )
        )
        host, _, port = air.rpartition(":")
        with socket.socket(socket.AF_UNIX) as server:
            path = os.path.join(self._sockets.name, "control")
            server.bind(path)
            server.listen(1)
            self._process = subprocess.Popen(
                [
                    parts["qemu"], "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                    "-machine", "q35", "-accel", "tcg", "-cpu", "Nehalem", "-smp", "1", "-m", str(MEMORY_MB),
                    "-kernel", parts["image"], "-initrd", image,
                    "-append", "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on",
                    "-chardev", f"file,id=console,path={self._console}", "-serial", "chardev:console",
                    "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
                    "-virtfs", f"local,path={self.out},mount_tag=out,security_model=none",
                    "-device", "virtio-rng-pci",
                    "-device", "virtio-serial-pci",
                    "-chardev", f"socket,id=control,path={path}",
                    "-device", "virtserialport,chardev=control,name=control",
                    "-chardev", f"socket,id=hci,host={host},port={port},nodelay=on",
                    "-device", "virtserialport,chardev=hci,name=hci",
                ],
                stdin=subprocess.DEVNULL,
                stdout=(folder / "qemu.txt").open("wb"),
                stderr=subprocess.STDOUT,
            )  # fmt: skip
            server.settimeout(20)
            try:
                self._control, _ = server.accept()
            except TimeoutError:
                self.close()
                raise RuntimeError(f"qemu did not start: {(folder / 'qemu.txt').read_text()}") from None
        threading.Thread(target=self._hear, daemon=True).start()
        self.boot_s = self._waiting[0].result(BOOT_S)["ready"]

    def _hear(self):
        with self._control.makefile("rb") as lines:
            for line in lines:
                answer = json.loads(line)
                self._waiting[answer["id"]].set_result(answer)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(RuntimeError(f"the guest died:\n{self.console()[-3000:]}"))

    def console(self) -> str:
        return self._console.read_text(errors="replace")

    def _ask(self, do, **given) -> tuple[int, Future]:
        with self._lock:
            self._number += 1
            number = self._number
            self._waiting[number] = Future()
            self._control.sendall(json.dumps({"id": number, "do": do, **given}).encode() + b"\n")
        return number, self._waiting[number]

    def _told(self, future, timeout_s):
        answer = future.result(timeout_s)
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return answer

    def tell(self, do, **given):
        """A request that is answered at once."""
        return self._told(self._ask(do, **given)[1], 60)

    def start(self, *argv, timeout_s=120.0):
        """A command of the guest, running; ended() waits for it, signal() reaches it."""
        return Running(self, timeout_s, *self._ask("run", argv=[str(a) for a in argv], timeout_s=timeout_s))

    def run(self, *argv, timeout_s=120.0) -> Done:
        return self.start(*argv, timeout_s=timeout_s).ended()

    def forget_all(self):
        """No device known to BlueZ, nothing in the shared folder."""
        self.run("sh", "-c", "for d in $(bluetoothctl devices | cut -d' ' -f2); do bluetoothctl remove $d; done")
        self.run("sh", "-c", "rm -rf /run/out/*")

    def taken_out(self, path) -> bytes:
        """The bytes of a file that the guest has under /run/out."""
        return (self.out / Path(path).relative_to("/run/out")).read_bytes()

    def close(self):
        self._process.kill()
        self._process.wait()
        self._sockets.cleanup()


class Running:
    def __init__(self, machine, timeout_s, number, future):
        self._machine, self._timeout_s, self._number, self._future = machine, timeout_s, number, future

    def signal(self, name):
        self._machine.tell("signal", number=self._number, what=name)

    def ended(self) -> Done:
        return Done(self._machine._told(self._future, self._timeout_s + 60))
