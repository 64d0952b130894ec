"""What things cost on the board: measured instruction counts, and how they are applied to bytecode and ulab.

All figures are instructions of a Cortex-M4F at 64 MHz, from the table in docs/design/bench.md (measured on
CircuitPython 10.2.1 built as for the nRF52840). Python code runs at 26.7 instructions per microsecond (x 0.0375 us),
long loops inside ulab at 40 (x 0.025 us). Where the table has several sizes, a straight line through them is used.
"""

from __future__ import annotations

from typing import Any

from formclip.firmware.rom import bytecode as bc

PYTHON_US = 0.0375
LOOP_US = 0.025

# -- bytecode, as mpy-cross emits it ----------------------------------------------------------------------------------
# Split from the table's statements, each taken apart into its instructions: `a = a*b + c` of locals is 292, a turn of
# `for i in range` 200 (eight instructions), an attribute 87 to load, a global 64, `self.x = self.x*k + self.y` 570,
# array[k] 155 and 229, a call 367, of a method 808, a property 943.
OTHER = 20
OPCODES = {
    bc.LOAD_FAST: 14,
    bc.STORE_FAST: 14,
    bc.LOAD_CONST_SMALL_INT: 14,
    bc.LOAD_CONST_OBJ: 14,
    bc.LOAD_CONST_STRING: 14,
    bc.LOAD_CONST_NONE: 12,
    bc.LOAD_CONST_FALSE: 12,
    bc.LOAD_CONST_TRUE: 12,
    bc.LOAD_NULL: 12,
    bc.LOAD_DEREF: 20,
    bc.STORE_DEREF: 20,
    bc.LOAD_GLOBAL: 53,
    bc.LOAD_NAME: 90,
    bc.STORE_NAME: 120,
    bc.STORE_GLOBAL: 100,
    bc.LOAD_ATTR: 62,
    bc.STORE_ATTR: 160,
    bc.LOAD_METHOD: 20,
    bc.LOAD_SUPER_METHOD: 400,
    bc.LOAD_SUBSCR: 20,
    bc.STORE_SUBSCR: 20,
    bc.POP_TOP: 11,
    bc.DUP_TOP: 12,
    bc.DUP_TOP_TWO: 14,
    bc.ROT_TWO: 12,
    bc.ROT_THREE: 14,
    bc.JUMP: 18,
    bc.POP_JUMP_IF_TRUE: 22,
    bc.POP_JUMP_IF_FALSE: 22,
    bc.JUMP_IF_TRUE_OR_POP: 22,
    bc.JUMP_IF_FALSE_OR_POP: 22,
    bc.UNARY_OP: 50,
    bc.BINARY_OP: 14,
    bc.GET_ITER_STACK: 120,
    bc.FOR_ITER: 110,
    bc.UNPACK_SEQUENCE: 40,
    bc.BUILD_TUPLE: 40,
    bc.BUILD_LIST: 40,
    bc.BUILD_SLICE: 40,
    bc.STORE_COMP: 90,
    bc.MAKE_FUNCTION: 60,
    bc.CALL_FUNCTION: 14,
    bc.CALL_METHOD: 14,
    bc.RETURN_VALUE: 25,
    bc.SETUP_WITH: 60,
    bc.WITH_CLEANUP: 60,
    bc.SETUP_EXCEPT: 30,
    bc.SETUP_FINALLY: 30,
    bc.IMPORT_NAME: 600,
}
INT_OP = 46
INT_COMPARE = 36
FLOAT_OP = 104
FLOAT_COMPARE = 80
IS_OP = 20
OBJECT_OP = 100
LONG_INT = 300  # beyond 31 bits: an object, and arithmetic on its digits
UNPACK_EACH = 12
CALL = 250  # a function of ours, beside its instructions
KEYWORD = 60  # each argument by name
BOUND_CALL = 120
CONSTRUCT = 1000  # an object of a class of ours, beside its __init__
CLASS_METHOD = 460  # looked up in the class, its object has none of that name
CLASS_ATTRIBUTE = 400
PROPERTY = 550
MODULE_ATTRIBUTE = 120
NATIVE_ATTRIBUTE = 120
NATIVE_METHOD = 160
SPECIAL_STORE = 350  # a class with properties is asked first
EXCEPTION = 1500
NATIVE_CALL = 65
BUILT_IN_NAME = 60  # not among the module's own names, then found among the built-in ones
ALLOCATE = 170  # a new object, beside the walk to its place

# What is in C, by name, beside the call itself; NATIVE_OTHER where nothing better is known.
NATIVE = {
    "abs": 450,
    "len": 30,
    "range": 150,
    "min": 120,
    "max": 120,
    "int": 100,
    "float": 60,
    "bool": 30,
    "isinstance": 80,
    "getattr": 120,
    "setattr": 250,
    "sqrt": 25,
    "sin": 150,
    "cos": 150,
    "tan": 200,
    "atan2": 250,
    "atan": 200,
    "asin": 250,
    "acos": 250,
    "exp": 200,
    "log": 200,
    "pack_into": 1400,
    "unpack_from": 1400,
    "unpack": 1400,
    "pack": 1400,
    "calcsize": 300,
    "append": 60,
    "pop": 80,
    "clear": 80,
    "extend": 150,
    "insert": 150,
    "crc32": 150,
    "format": 4600,
    "zip": 300,
    "enumerate": 200,
    "const": 0,
}
NATIVE_OTHER = 250
EACH = 60  # what is done for each element of a list or tuple handed to C: max, sum, list, tuple ...
CRC_EACH = 12  # and for each byte of a CRC
BYTE_EACH = 0.3  # copied
FIND_EACH = 9  # text.find(part, start) walks from the first letter: Settings.to_bytes took 545 ms with 1,458 of them
FORMAT = 4600  # '%.3f' % x


def native(function: Any, args: tuple[Any, ...]) -> float:
    """Instructions of a call of C code; ulab's own work is told by ulab."""
    name = getattr(function, "__name__", "")
    if (getattr(function, "__module__", None) or "").startswith("ulab"):
        return 0.0
    insns: float = NATIVE_CALL + NATIVE.get(name, NATIVE_OTHER)
    if name == "find" and len(args) > 1:
        insns += FIND_EACH * args[1]
    elif args and name != "len":
        if type(args[0]) in (list, tuple):
            insns += EACH * len(args[0])
        elif type(args[0]) in (bytes, bytearray, memoryview):
            insns += (CRC_EACH if name == "crc32" else BYTE_EACH) * len(args[0])
    return insns


_ARRAYS = ("array", "bytes", "bytearray", "memoryview")


def subscript(thing: Any) -> int:
    """Instructions of reading one element, beside the opcode's own; an array of ulab tells its own work."""
    kind = type(thing)
    return 93 if kind in (list, tuple) or kind.__name__ in _ARRAYS else 150 if kind is dict else 0


def store_subscript(thing: Any) -> int:
    kind = type(thing)
    return 164 if kind.__name__ in _ARRAYS else 110 if kind is list else 300 if kind is dict else 0


def object_op(name: str, left: Any, right: Any) -> int:
    """Instructions of an operation on what is no number, beside the opcode's own; ulab tells its own."""
    if type(left).__module__ == "ulab._array":
        return 0
    if type(left) is str and name == "%":
        return FORMAT
    if name == "in" and type(right) in (list, tuple):
        return OBJECT_OP + EACH * len(right)
    return OBJECT_OP


# -- ulab: (fixed, per element); fixed parts at Python's speed, elements at that of long loops ------------------------
ULAB: dict[str, tuple[float, float]] = {
    "elementwise": (1100, 27),  # 1,800 / 2,500 / 3,500-8,600 for 26 / 52 / 104
    "inplace": (233, 29.5),  # 1,000 to 3,300 for 26 to 104
    "reduce": (233, 29.5),
    "extreme": (233, 29.5),
    "std": (500, 60),
    "view": (850, 0),  # column view 1,115, slice 1,210, less the slice and the tuple
    "window": (700, 0),  # a view by two indices
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
    "sosfilt": (4700, 68),  # 8,200 for 52, one section; elements = samples x sections
    "state": (0, 0),
    "list": (300, 40),  # tolist
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
# The heap in areas, as the VM doubles it: 8+8+16+31+62; or in one, as CIRCUITPY_HEAP_START_SIZE asks for.
AREAS_KB = 124.0
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
    "list": 0,
}
SMALL_OTHER = 2


def sizes(value: Any) -> tuple[int, ...]:
    """Bytes of the objects that make up a value that C code has made; none for what makes none."""
    kind = type(value)
    if kind in (bytes, str):
        return (16, len(value) + 1)
    if kind is tuple:
        return (8 + 4 * len(value),)
    if kind is list:
        return (16, 4 * max(4, len(value)))
    if kind is bytearray:
        return (16, len(value)) if len(value) else (16,)
    if kind is memoryview:
        return (20,)
    if kind.__name__ == "array":
        return (16, len(value) * value.itemsize)
    return ()


SIZES = (bytes, str, tuple, list, bytearray, memoryview, dict)
_MAKERS = frozenset(
    "pack unpack unpack_from bytes bytearray memoryview array list tuple str hexlify unhexlify join split rsplit "
    "format encode decode replace strip sorted tobytes to_bytes urandom".split()
)


def makes(function: Any) -> bool:
    """Whether what this function of C gives is a new object."""
    return getattr(function, "__name__", "") in _MAKERS


# Places in a table of attributes or a dictionary (py/map.c).
_TABLES = (0, 1, 2, 4, 6, 8, 10, 12, 17, 23, 29, 37, 47, 59, 73, 97, 127)


def table_growth(n: int) -> tuple[int, int]:
    """Places before and after when one more than n comes into a table; the same when there is room."""
    if n not in _TABLES:
        return n, n
    return n, _TABLES[_TABLES.index(n) + 1] if n < _TABLES[-1] else 2 * n


def list_growth(n: int) -> tuple[int, int]:
    """The same of a list: four places, then twice as many each time."""
    return (n, 2 * n) if n >= 4 and n & (n - 1) == 0 else (n, n)


REHASH = 150  # of a table, and for each of its places
REHASH_EACH = 60

# gc.collect(), ms by KB live. In five areas every pointer is looked for in one after another.
_IN_AREAS = ((12.0, 4.6), (44.0, 20.0), (62.0, 33.0))
_IN_ONE = ((12.0, 4.6), (62.0, 25.0))


def collect_us(live_kb: float, areas: bool = True) -> float:
    """Time of a collection: straight lines through what was measured."""
    points = _IN_AREAS if areas else _IN_ONE
    (x0, y0), (x1, y1) = points[:2]
    for k in range(1, len(points) - 1):
        if live_kb > points[k][0]:
            (x0, y0), (x1, y1) = points[k : k + 2]
    return 1000 * max(0.0, y0 + (y1 - y0) * (live_kb - x0) / (x1 - x0))


def ulab_us(name: str, elements: int) -> float:
    fixed, each = ULAB.get(name, ULAB_OTHER)
    if name == "fft" and elements > 1:
        elements *= elements.bit_length() - 1
    return fixed * PYTHON_US + each * elements * LOOP_US


class Heap:
    """MicroPython's allocator on a heap of `live` (a byte per block, 0 free), emptied of all else by collect().

    Settings  live; size_kb there are; areas: whether in several pieces, which only tells in the time of a collection
    Out       forced: collections because there was no room; live_kb
    """

    def __init__(self, live: bytes, size_kb: float = AREAS_KB, areas: bool = True) -> None:
        self.live = live
        self.live_kb = sum(1 for b in live if b) * BLOCK_B / 1024
        self.size = max(int(size_kb * 1024) // BLOCK_B, len(live) + 64)
        self.areas = areas
        self.forced = 0
        self.collect()

    def collect(self) -> float:
        """Instructions of a collection."""
        self.map = bytearray(self.live) + bytearray(self.size - len(self.live))
        self.mark = 0
        self.last = -1
        return collect_us(self.live_kb, self.areas) / PYTHON_US

    def take(self, size_b: int) -> float:
        """Instructions for the walk to a free place, which is taken (`last`); collects first when there is none."""
        n = -(-size_b // BLOCK_B)
        at = self.map.find(bytes(n), 4 * self.mark)
        if at < 0:
            self.forced += 1
            insns = self.collect()
            if self.map.find(bytes(n)) < 0:
                raise MemoryError("%d bytes beside %.0f KB live" % (size_b, self.live_kb))
            return insns + self.take(size_b)
        walked = (at + n) // 4 - self.mark + 1
        self.map[at : at + n] = b"\1" * n
        self.last = at
        if n == 1:
            self.mark = (at + 1) // 4
        return walked * PER_TABLE_BYTE

    def free(self, at: int, size_b: int) -> None:
        """What was taken there is given back at once."""
        n = -(-size_b // BLOCK_B)
        if at >= 0:
            self.map[at : at + n] = bytes(n)
            self.mark = min(self.mark, at // 4)


# Free places among what lives: four blocks in twenty-four, as seen on the VM after imports and collections.
PATTERN = bytes([1] * 20 + [0] * 4)


def board_heap(live_kb: float) -> bytes:
    """A heap of the board with that much live between two blocks of the run: a byte a block, 0 where it is free."""
    want = int(live_kb * 1024 / BLOCK_B)
    runs = -(-want // PATTERN.count(1))
    return (PATTERN * runs)[: len(PATTERN) * want // PATTERN.count(1)]
