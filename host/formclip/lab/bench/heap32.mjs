// Live heap of the firmware on a MicroPython of 32 bits (words of 4 bytes, heap blocks of 16, as the board has).
//
//   npm install @micropython/micropython-webassembly-pyscript@1.27.0
//   python -m formclip.lab.bench --heap32 FOLDER         drive, sources, .mpy files, stand-ins
//   node heap32.mjs FOLDER
//
// Prints what the modules take one by one, a begun Session, and the whole firmware 4 s after its session began, each
// from source and from .mpy files in the heap; and what freezing leaves of the second. This VM has no ROM
// file system: what would lie in flash is counted in the files (bench/mpy.py) and taken off.
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";
import fs from "node:fs";
import path from "node:path";

const [folder] = process.argv.slice(2);
const told = JSON.parse(fs.readFileSync(path.join(folder, "heap32.json")));
const ROOT = "/formclip";
const HEAP_B = 256 * 1024 * 1024; // it collects between calls only, and the run is one

async function machine(kind) {
  const printed = [];
  const mp = await loadMicroPython({ heapsize: HEAP_B, linebuffer: true, stdout: (line) => printed.push(line) });
  function copy(from, to) {
    mp.FS.mkdirTree(to);
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [path.join(from, entry.name), `${to}/${entry.name}`];
      if (entry.isDirectory()) copy(source, target);
      else mp.FS.writeFile(target, fs.readFileSync(source));
    }
  }
  copy(folder, ROOT);
  mp.FS.writeFile("/config.json", JSON.stringify(told[kind]));
  mp.runPython(`import sys, gc, json\nsys.path.insert(0, "${ROOT}/standins")\nimport liveheap`);
  mp.runPython("board = liveheap.start(json.load(open('/config.json')))");
  const live = () => {
    mp.runPython("gc.collect()"); // takes effect when the call is over
    mp.runPython("live_b = gc.mem_alloc()");
    return mp.globals.get("live_b");
  };
  const names = () => {
    mp.runPython("liveheap.names()");
    return Number(/n_total_bytes=(\d+)/.exec(printed.pop())[1]);
  };
  return { run: (text) => mp.runPython(text), live, names, printed };
}

function say(name, bytes) {
  console.log(name.padEnd(40), String(Math.round(bytes)).padStart(8));
}

const code = {};
const whole = {};
for (const kind of ["source", "mpy"]) {
  let vm = await machine(kind);
  vm.run("liveheap.ready(board)");
  const namesBefore = vm.names();
  const base = vm.live();
  let last = base;
  for (const name of told.names) {
    vm.run("import " + name);
    const now = vm.live();
    say(`${kind}: ${name}`, now - last);
    last = now;
  }
  code[kind] = { all: last - base, names: vm.names() - namesBefore };
  last = vm.live();
  vm.run("made = liveheap.session()");
  code[kind].session = vm.live() - last;
  last = vm.live();
  vm.run("arrays = liveheap.some_arrays()");
  code[kind].array = (vm.live() - last) / 100 - 64;
  say(`${kind}: all modules`, code[kind].all);
  say(`${kind}: a Session`, code[kind].session);

  vm = await machine(kind);
  const before = vm.live();
  vm.run("liveheap.boot(board)");
  whole[kind] = vm.live() - before;
  vm.run("print(*liveheap.counted(liveheap.kept[0]))");
  const [arrays, , , floats] = vm.printed.pop().split(" ").map(Number);
  // What the board has not: the stand-in's arrays, and boxed floats.
  whole[kind] -= arrays * (code[kind].array - told.ndarray_b) + 16 * floats;
  say(`${kind}: the whole firmware, on the board`, whole[kind] - told.floats_b + told.packets_b);
}
const left = code.mpy.all - code.mpy.names - told.in_rom_b - told.heads_b;
say("frozen: what is left of the modules", left);
say("frozen: the whole firmware, on the board", whole.mpy - code.mpy.all + left + told.packets_b);
