"""The guest's first process: starts D-Bus and bluetoothd, is the Bluetooth adapter, runs what is asked.

Runs as pid 1 inside the virtual machine, with the host's file system read-only under it. Requests come in as JSON lines
over one virtio port, answers go out there; the other port is the HCI (H4) of a controller in the virtual air.

Theory of operation: /dev/vhci makes an adapter for as long as it is open. One read from it is one packet; one write has
to be one packet, so what comes from the air is cut at packet borders. While unplugged, what comes is dropped.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time

BLUETOOTHD = ("/usr/libexec/bluetooth/bluetoothd", "/usr/lib/bluetooth/bluetoothd")
# Of each H4 packet type: where its length stands behind the type byte, and in how many bytes.
LENGTHS = {1: (2, 1), 2: (2, 2), 3: (2, 1), 4: (1, 1), 5: (2, 2)}
CREATE = b"\xff\x00"


def port(name):
    """The device file of the virtio port of that name."""
    while True:
        for entry in os.listdir("/sys/class/virtio-ports"):
            with open(f"/sys/class/virtio-ports/{entry}/name") as file:
                if file.read().strip() == name:
                    return os.open("/dev/" + entry, os.O_RDWR)
        time.sleep(0.05)


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Adapter:
    """The adapter that can be plugged in and out."""

    def __init__(self, air):
        self._air = air
        self._vhci = self._reader = None
        threading.Thread(target=self._from_air, daemon=True).start()

    def plug(self):
        if self._vhci is None:
            vhci = os.open("/dev/vhci", os.O_RDWR | os.O_NONBLOCK)
            os.write(vhci, CREATE)
            self._vhci = vhci
            self._reader = threading.Thread(target=self._to_air, args=(vhci,), daemon=True)
            self._reader.start()

    def unplug(self):
        vhci, self._vhci = self._vhci, None
        if vhci is not None:
            self._reader.join()
            os.close(vhci)

    def _to_air(self, vhci):
        while self._vhci == vhci:
            if select.select([vhci], [], [], 0.2)[0]:
                packet = os.read(vhci, 4096)
                if packet[:1] != CREATE[:1]:
                    write_all(self._air, packet)

    def _from_air(self):
        data = b""
        while True:
            data += os.read(self._air, 65536)
            while len(data) > 4:
                at, size = LENGTHS[data[0]]
                end = 1 + at + size + int.from_bytes(data[1 + at : 1 + at + size], "little")
                if len(data) < end:
                    break
                packet, data = data[:end], data[end:]
                vhci = self._vhci
                if vhci is not None:
                    try:
                        os.write(vhci, packet)
                    except OSError as error:
                        print("vhci:", error, flush=True)


class Guest:
    """What the tests can ask for: each method is a request by its name."""

    def __init__(self, settings):
        self._settings = settings
        self._control = port("control")
        self._lock = threading.Lock()
        self._adapter = Adapter(port("hci"))
        self._daemon = None
        self._wanted = False
        self.deaths = 0
        self._running = {}

    def plug(self):
        self._adapter.plug()

    def unplug(self):
        self._adapter.unplug()

    def start_bluetoothd(self):
        self._wanted = True
        threading.Thread(target=self._keep_bluetoothd, daemon=True).start()

    def _keep_bluetoothd(self):
        """As systemd and D-Bus do: when it dies it is started again."""
        path = next(path for path in BLUETOOTHD if os.path.exists(path))
        while self._wanted:
            with open("/run/bluetoothd.log", "ab") as log:
                self._daemon = subprocess.Popen(
                    [path, "--nodetach", *self._settings["bluetoothd"]], stdout=log, stderr=log
                )
            code = self._daemon.wait()
            if self._wanted:
                self.deaths += 1
                print(f"bluetoothd died with {code}", flush=True)

    def stop_bluetoothd(self):
        self._wanted = False
        self._daemon.terminate()
        self._daemon.wait()

    def counted_deaths(self):
        """How often bluetoothd died by itself so far."""
        return {"deaths": self.deaths}

    def run(self, number, argv, timeout_s):
        """Run to the end; what it said and how it ended."""
        began = time.monotonic()
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._running[number] = process
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"\nkilled after {timeout_s} s"
        return {"code": process.returncode, "out": out, "err": err, "seconds": time.monotonic() - began}

    def signal(self, number, what):
        """Send a signal to a run."""
        self._running[number].send_signal(getattr(signal, what))

    def serve(self):
        self._answer({"id": 0, "ready": time.clock_gettime(time.CLOCK_BOOTTIME)})
        data = b""
        while True:
            data += os.read(self._control, 65536)
            *lines, data = data.split(b"\n")
            for line in lines:
                request = json.loads(line)
                threading.Thread(
                    target=self._do, args=(request.pop("id"), request.pop("do"), request), daemon=True
                ).start()

    def _do(self, number, what, given):
        try:
            if what == "run":
                given["number"] = number
            answer = getattr(self, what)(**given)
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        self._answer({"id": number, **(answer or {})})

    def _answer(self, answer):
        with self._lock:
            write_all(self._control, json.dumps(answer).encode() + b"\n")


def main():
    with open("/run/guest.json") as file:
        settings = json.load(file)
    os.environ.clear()
    os.environ.update(settings["env"])
    for folder in ("/run/dbus", "/run/lock", "/run/tmp", os.environ["HOME"], "/run/bluetooth"):
        os.makedirs(folder, exist_ok=True)
    for module in ("virtio_console", "hci_vhci"):
        subprocess.run(["/sbin/modprobe", module], check=False)
    subprocess.run(["dbus-daemon", "--system", "--fork", "--nopidfile"], check=True)
    guest = Guest(settings)
    guest.plug()
    guest.start_bluetoothd()
    guest.serve()


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        time.sleep(1)
        raise
