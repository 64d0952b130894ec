"""What things cost on the board: measured instruction counts, and how they are applied to Python and ulab.

All figures are instructions of a Cortex-M4F at 64 MHz, from the table in docs/design/bench.md (measured on
CircuitPython 10.2.1 built as for the nRF52840). Python code runs at 26.7 instructions per microsecond (x 0.0375 us),
long loops inside ulab at 40 (x 0.025 us). Where the table has several sizes, a straight line through them is used.
"""

from __future__ import annotations

PYTHON_US = 0.0375
LOOP_US = 0.025

# -- Python, one instruction of the interpreter each -----------------------------------------------------------------
# Split from the table's statements: `a = a*b + c` of locals is 292, `self.x = self.x*k + self.y` 702, a turn of
# `for i in range` 200, an attribute 87 to load and 252 to store (with its object), a global 64, array[k] 155 and 229.
FAST = 25  # load or store a local, load a constant
ARITHMETIC = 96  # one float operation
ATTRIBUTE = 62  # load, its object already counted
STORE_ATTRIBUTE = 227
GLOBAL = 64
SUBSCRIPT = 80
STORE_SUBSCRIPT = 154
FOR_TURN = 150
JUMP = 25
COMPARE = 80
BUILD = 150  # a small tuple, list or slice: one block of the heap
UNPACK = 60
FUNCTION_CALL = 228  # 367 with looking the name up, dropping the result and the return
METHOD_CALL = 646  # 808 with the same
CONSTRUCT = 1600  # an object of a class of ours, with its __init__
OTHER = 25

# -- what C code called from Python costs, by name; 300 where nothing better is known ----------------------------------
BUILT_IN = {
    "abs": 663,
    "len": 180,
    "range": 250,
    "min": 400,
    "max": 400,
    "int": 300,
    "float": 250,
    "sqrt": 162,
    "pack_into": 1500,
    "unpack_from": 4000,
    "unpack": 4000,
    "pack": 3000,
    "append": 250,
    "clear": 150,
    "crc32": 1000,
    "format": 4655,
    "isinstance": 250,
    "zip": 600,
    "enumerate": 400,
    "const": 0,
    # libm in software: the table's sin of 52 values less the call
    "sin": 300,
    "cos": 300,
    "tan": 350,
    "atan2": 450,
    "atan": 350,
    "asin": 400,
    "acos": 400,
    "exp": 300,
    "log": 300,
}
BUILT_IN_OTHER = 300
# Of these, types: priced where they are named, as they are only named to be called.
TYPES = ("int", "float")

# -- ulab: (fixed, per element); fixed parts at Python's speed, elements at that of long loops ------------------------
ULAB: dict[str, tuple[float, float]] = {
    "elementwise": (1100, 27),  # 1,800 / 2,500 / 3,500-8,600 for 26 / 52 / 104
    "inplace": (233, 29.5),  # 1,000 to 3,300 for 26 to 104
    "reduce": (233, 29.5),
    "extreme": (233, 29.5),
    "std": (500, 60),
    "view": (1160, 0),  # column view 1,115, slice 1,210
    "window": (1160, 0),  # a view by two indices
    "number": (1000, 0),  # a number beside an array is made an array: four objects at 235 and what they are filled with
    "frombuffer": (1440, 0),
    "item": (1160, 0),  # reading one number makes a view
    "item_set": (2000, 0),
    "next": (0, 60),  # one turn of iterating an array
    "assign": (1500, 40),  # copied, and the copy copied, by a memcpy for each element: none measured, from the source
    "convert": (1500, 140),  # the same, each element a Python number between: none measured
    "copy": (1100, 15),
    "zeros": (1100, 10),
    "array": (1500, 60),
    "sosfilt": (3400, 50),  # one section: 4,700 / 5,800 / 8,600 for 26 / 52 / 104; elements = samples x sections
    "state": (0, 0),
    "sqrt": (200, 350),  # 18,400 for 52
    "math": (800, 125),  # sin: 7,300 for 52
    "pow": (800, 350),
    "fft": (200, 29.4),  # 26,500 / 60,000 for 128 / 256; elements = n log2 n
    "matmul": (1500, 30),
    "mask": (1200, 40),
    "mask_set": (1200, 40),
    "sort": (600, 200),
    "interp": (1200, 200),
    "linalg": (2000, 40),
    "vectorize": (1200, 400),
}
ULAB_OTHER = (1500.0, 60.0)

# -- memory ----------------------------------------------------------------------------------------------------------
# The allocator looks for free blocks of 16 bytes, four to a byte of its table, from the first byte that can have one.
# Only a single block moves that mark on, so a larger object walks over what lives: 10,000 to 12,000 instructions with
# 44 KB live, which is 704 bytes of table.
BLOCK_B = 16
PER_TABLE_BYTE = 15
ARRAY_B = 40  # an ndarray on the board: type, dtype, sizes, two shapes, two strides, data, origin
HEAP_KB = 137
# Small objects (a block each) that an operation of ulab leaves on the heap: shapes, strides, tuples of indices. Counted
# in ulab's source (ndarray.c as of 6.x: a m_new without m_del); what it frees at once is not counted.
SMALL = {
    "elementwise": 4,
    "pow": 4,
    "inplace": 3,
    "view": 4,
    "window": 2,
    "item": 4,
    "item_set": 7,
    "number": 2,
    "assign": 1,
    "convert": 1,
    "reduce": 2,
    "std": 2,
    "extreme": 0,
    "sosfilt": 5,
    "array": 1,
    "copy": 1,
    "frombuffer": 0,
    "next": 0,
    "state": 0,
}
SMALL_OTHER = 2
# The firmware collects after so many blocks (device/app.py).
COLLECT_BLOCKS = 6
# gc.collect(): 4.6 ms with 12 KB live, 20 ms with 44 KB.
COLLECT_MS_12KB, COLLECT_MS_44KB = 4.6, 20.0
# FIFO block of 26x6 to numbers, by frombuffer, reshape and scale.
FIFO_PER_26 = 9500


def ulab_us(name: str, elements: int) -> float:
    fixed, each = ULAB.get(name, ULAB_OTHER)
    if name == "fft" and elements > 1:
        elements *= elements.bit_length() - 1
    return fixed * PYTHON_US + each * elements * LOOP_US


class Heap:
    """MicroPython's allocator on a heap of `live` (a byte per block, 0 free), emptied of all else by collect()."""

    def __init__(self, live: bytes) -> None:
        self.live = live
        self.size = max(HEAP_KB * 1024 // BLOCK_B, len(live) + 64)
        self.forced = 0
        self.collect()

    def collect(self) -> None:
        self.map = bytearray(self.live) + bytearray(self.size - len(self.live))
        self.mark = 0

    def take(self, size_b: int) -> float:
        """Instructions for the walk to a free place, which is then taken; collects first when there is none."""
        n = -(-size_b // BLOCK_B)
        at = self.map.find(bytes(n), 4 * self.mark)
        if at < 0:
            self.forced += 1
            self.collect()
            return collect_us(sum(1 for b in self.live if b) * BLOCK_B / 1024) / PYTHON_US + self.take(size_b)
        walked = (at + n) // 4 - self.mark + 1
        self.map[at : at + n] = b"\1" * n
        if n == 1:
            self.mark = (at + 1) // 4
        return walked * PER_TABLE_BYTE


def collect_us(live_kb: float) -> float:
    slope = (COLLECT_MS_44KB - COLLECT_MS_12KB) / 32
    return 1000 * max(0.0, COLLECT_MS_12KB + slope * (live_kb - 12))


def fifo_us(samples: int) -> float:
    return FIFO_PER_26 * samples / 26 * PYTHON_US


def instruction(name: str) -> int:
    """Cost of one bytecode instruction of CPython on the board, by its name: those of 3.11 to 3.14."""
    for prefix, cost in _BYTECODE:
        if name.startswith(prefix):
            if "FAST" in name:
                return name.count("_FAST") * FAST
            return cost
    return OTHER


_BYTECODE = (
    ("LOAD_FAST", FAST),
    ("STORE_FAST", FAST),
    ("LOAD_CONST", FAST),
    ("LOAD_SMALL_INT", FAST),
    ("LOAD_ATTR", ATTRIBUTE),
    ("LOAD_METHOD", ATTRIBUTE),
    ("STORE_ATTR", STORE_ATTRIBUTE),
    ("LOAD_GLOBAL", GLOBAL),
    ("LOAD_NAME", GLOBAL),
    ("LOAD_DEREF", FAST),
    ("STORE_DEREF", FAST),
    ("BINARY_SUBSCR", SUBSCRIPT),
    ("BINARY_SLICE", SUBSCRIPT + BUILD),
    ("STORE_SLICE", STORE_SUBSCRIPT + BUILD),
    ("STORE_SUBSCR", STORE_SUBSCRIPT),
    ("BINARY_OP", ARITHMETIC),
    ("UNARY", ARITHMETIC),
    ("COMPARE_OP", COMPARE),
    ("CONTAINS_OP", COMPARE),
    ("IS_OP", JUMP),
    ("FOR_ITER", FOR_TURN),
    ("GET_ITER", BUILD),
    ("BUILD", BUILD),
    ("UNPACK", UNPACK),
    ("POP_JUMP", JUMP),
    ("JUMP", JUMP),
    ("LIST_APPEND", 120),
    # what CPython does in an instruction of its own and MicroPython does not do at all
    ("RESUME", 0),
    ("PRECALL", 0),
    ("PUSH_NULL", 0),
    ("CACHE", 0),
    ("NOP", 0),
    ("COPY_FREE_VARS", 0),
    ("KW_NAMES", 0),
    ("END_FOR", 0),
    ("POP_ITER", 0),
    ("NOT_TAKEN", 0),
    ("TO_BOOL", 0),
    ("CALL", 0),  # the callee is counted
    ("EXTENDED_ARG", 0),
)


# Free places among what lives: four blocks in twenty-four, as seen on the VM after imports and collections.
PATTERN = bytes([1] * 20 + [0] * 4)


def board_heap(live_kb: float) -> bytes:
    """A heap of the board with that much live between two blocks of the run: a byte a block, 0 where it is free."""
    want = int(live_kb * 1024 / BLOCK_B)
    runs = -(-want // PATTERN.count(1))
    return (PATTERN * runs)[: len(PATTERN) * want // PATTERN.count(1)]
