// Live heap of the firmware on a MicroPython of 32 bits (words of 4 bytes, heap blocks of 16, as the board has).
//
//   npm install @micropython/micropython-webassembly-pyscript@1.27.0
//   python -m formclip.bench --drive FOLDER          what `formclip deploy` puts on the drive
//   node heap32.mjs FOLDER [SOURCES]                 SOURCES: host/formclip/virtual of this repository
//
// Prints a line a module: bytes live after importing it and collecting. The board's own modules are empty here.
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";
import fs from "node:fs";
import path from "node:path";

const [drive, virtual = new URL("../virtual", import.meta.url).pathname] = process.argv.slice(2);
const EMPTY = ["busio", "digitalio", "analogio", "pwmio", "storage", "traceback"];
const SMALL = {
  __future__: "annotations = 0",
  supervisor: "from time import ticks_ms",
  world: "world = None",
  watchdog: "class WatchDogMode:\n    RESET = 1",
  alarm: "sleep_memory = bytearray(256)",
  board: "def __getattr__(name):\n    return 1",
  microcontroller: "nvm = bytearray(100)\nclass Pin:\n    pass\nclass ResetReason:\n    WATCHDOG = 1\ncpu = Pin()",
};
const GAITCORE = (
  "compat frames units attitude records baseline braking gate cadence calibration models contact faults cue " +
  "leveller oscillation ranges shape side meter metronome slip neutral pages patterns ring steps pipeline settings " +
  "session"
).split(" ");
const FIRMWARE = "app boards hw.button hw.clock hw.flashlog hw.haptics hw.imu hw.led hw.power gaitcore.sync hw.link";

const mp = await loadMicroPython({ heapsize: 4 * 1024 * 1024 });
function copy(from, to) {
  mp.FS.mkdirTree(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), `${to}/${entry.name}`];
    if (entry.isDirectory()) copy(source, target);
    else if (entry.name.endsWith(".py")) mp.FS.writeFile(target, fs.readFileSync(source));
  }
}
copy(drive, "/drive");
copy(path.join(virtual, "ulab_python", "ulab"), "/beside/ulab");
mp.FS.writeFile("/beside/_bleio.py", fs.readFileSync(path.join(virtual, "standins", "_bleio.py")));
for (const name of EMPTY) mp.FS.writeFile(`/beside/${name}.py`, "");
for (const [name, text] of Object.entries(SMALL)) mp.FS.writeFile(`/beside/${name}.py`, text + "\n");
mp.runPython("import sys, gc\nsys.path[:] = ['/drive', '/drive/lib', '/beside']");
mp.runPython("import ulab, ulab.numpy, ulab.scipy, array, struct, math, binascii, os, time, _bleio");
mp.runPython("import " + [...EMPTY, ...Object.keys(SMALL)].join(", "));

function live() {
  mp.runPython("gc.collect()"); // takes effect when the call is over
  mp.runPython("live_b = gc.mem_alloc()");
  return mp.globals.get("live_b");
}
const base = live();
let last = base;
let core = 0;
for (const name of [...GAITCORE.map((m) => "gaitcore." + m), ...FIRMWARE.split(" ")]) {
  mp.runPython("import " + name);
  const now = live();
  if (name.startsWith("gaitcore.") && name !== "gaitcore.sync") core += now - last;
  console.log(name.padEnd(24), String(now - last).padStart(8));
  last = now;
}
console.log("gaitcore but sync".padEnd(24), String(core).padStart(8));
console.log("all".padEnd(24), String(last - base).padStart(8));
