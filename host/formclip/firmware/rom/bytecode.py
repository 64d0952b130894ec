"""MicroPython's bytecode as mpy-cross emits it: an .mpy file taken apart into code objects and instructions.

The device runs this bytecode, frozen; formclip.lab.bench runs the same instructions and prices each.

Source   MicroPython 1.28: py/bc0.h (opcodes), py/bc.h (prelude), py/persistentcode.c and tools/mpy-tool.py (files)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ABI = b"M\x06"  # header of an .mpy of version 6; bytecode needs no sub-version

# Flags of a code object.
GENERATOR, VAR_KEYWORDS, VAR_ARGS = 1, 2, 4

# Opcodes by name. Groups of 16 share a format of their argument.
_QSTR, _VINT_E, _VINT_O, _JUMP, _BYTE_O, _BYTE_E = 0x10, 0x20, 0x30, 0x40, 0x50, 0x60
LOAD_CONST_STRING, LOAD_NAME, LOAD_GLOBAL, LOAD_ATTR, LOAD_METHOD, LOAD_SUPER_METHOD = range(0x10, 0x16)
STORE_NAME, STORE_GLOBAL, STORE_ATTR, DELETE_NAME, DELETE_GLOBAL, IMPORT_NAME, IMPORT_FROM = range(0x16, 0x1D)
MAKE_CLOSURE, MAKE_CLOSURE_DEFARGS, LOAD_CONST_SMALL_INT, LOAD_CONST_OBJ, LOAD_FAST, LOAD_DEREF = range(0x20, 0x26)
STORE_FAST, STORE_DEREF, DELETE_FAST, DELETE_DEREF, BUILD_TUPLE, BUILD_LIST, BUILD_MAP = range(0x26, 0x2D)
BUILD_SET, BUILD_SLICE, STORE_COMP = range(0x2D, 0x30)
UNPACK_SEQUENCE, UNPACK_EX, MAKE_FUNCTION, MAKE_FUNCTION_DEFARGS = range(0x30, 0x34)
CALL_FUNCTION, CALL_FUNCTION_VAR_KW, CALL_METHOD, CALL_METHOD_VAR_KW = range(0x34, 0x38)
UNWIND_JUMP = 0x40
JUMP, POP_JUMP_IF_TRUE, POP_JUMP_IF_FALSE, JUMP_IF_TRUE_OR_POP, JUMP_IF_FALSE_OR_POP = range(0x42, 0x47)
SETUP_WITH, SETUP_EXCEPT, SETUP_FINALLY, POP_EXCEPT_JUMP, FOR_ITER = range(0x47, 0x4C)
LOAD_CONST_FALSE, LOAD_CONST_NONE, LOAD_CONST_TRUE, LOAD_NULL, LOAD_BUILD_CLASS = range(0x50, 0x55)
LOAD_SUBSCR, STORE_SUBSCR, DUP_TOP, DUP_TOP_TWO, POP_TOP, ROT_TWO, ROT_THREE = range(0x55, 0x5C)
WITH_CLEANUP, END_FINALLY, GET_ITER, GET_ITER_STACK = range(0x5C, 0x60)
STORE_MAP, RETURN_VALUE, RAISE_LAST, RAISE_OBJ, RAISE_FROM, YIELD_VALUE, YIELD_FROM, IMPORT_STAR = range(0x62, 0x6A)
# One opcode here for groups that carry their argument in themselves.
UNARY_OP, BINARY_OP = 0xD0, 0xD7

NAMES = {
    value: name for name, value in list(globals().items()) if isinstance(value, int) and name.isupper() and value > 15
}
_SIGNED_JUMPS = (UNWIND_JUMP, JUMP, POP_JUMP_IF_TRUE, POP_JUMP_IF_FALSE)
_EXTRA_BYTE = (MAKE_CLOSURE, MAKE_CLOSURE_DEFARGS, UNWIND_JUMP)

UNARY = ("+", "-", "~", "not")
BINARY = (
    *("<", ">", "==", "<=", ">=", "!=", "in", "is", "except"),
    *("|=", "^=", "&=", "<<=", ">>=", "+=", "-=", "*=", "@=", "//=", "/=", "%=", "**="),
    *("|", "^", "&", "<<", ">>", "+", "-", "*", "@", "//", "/", "%", "**"),
)

# Names that every MicroPython has, none and the empty one first; a file gives their number instead of their letters.
STATIC_NAMES = (
    "||__dir__|\n| |*|/|<module>|_|__call__|__class__|__delitem__|__enter__|__exit__|__getattr__|__getitem__|__hash__|"
    "__init__|__int__|__iter__|__len__|__main__|__module__|__name__|__new__|__next__|__qualname__|__repr__|__setitem__|"
    "__str__|ArithmeticError|AssertionError|AttributeError|BaseException|EOFError|Ellipsis|Exception|GeneratorExit|"
    "ImportError|IndentationError|IndexError|KeyError|KeyboardInterrupt|LookupError|MemoryError|NameError|NoneType|"
    "NotImplementedError|OSError|OverflowError|RuntimeError|StopIteration|SyntaxError|SystemExit|TypeError|ValueError|"
    "ZeroDivisionError|abs|all|any|append|args|bool|builtins|bytearray|bytecode|bytes|callable|chr|classmethod|clear|"
    "close|const|copy|count|dict|dir|divmod|end|endswith|eval|exec|extend|find|format|from_bytes|get|getattr|globals|"
    "hasattr|hash|id|index|insert|int|isalpha|isdigit|isinstance|islower|isspace|issubclass|isupper|items|iter|join|key|"
    "keys|len|list|little|locals|lower|lstrip|main|map|micropython|next|object|open|ord|pop|popitem|pow|print|range|"
    "read|readinto|readline|remove|replace|repr|reverse|rfind|rindex|round|rsplit|rstrip|self|send|sep|set|setattr|"
    "setdefault|sort|sorted|split|start|startswith|staticmethod|step|stop|str|strip|sum|super|throw|to_bytes|tuple|type|"
    "update|upper|utf-8|value|values|write|zip"
).split("|")


@dataclass
class Code:
    """One function, class body or module.

    instructions: (offset, opcode, argument, length); of a jump the argument is the offset it leads to, of a name the
    name, of UNWIND_JUMP and MAKE_CLOSURE a pair with the byte behind it
    """

    name: str
    size_b: int  # of its bytecode with prelude and lines
    n_state: int
    n_exc: int
    flags: int
    n_args: int
    n_keyword_only: int
    n_defaults: int
    arguments: list[str]
    cells: list[int]
    instructions: list[tuple[int, int, Any, int]]
    lines: list[tuple[int, int]]  # (offset, line) where a line begins
    children: list[Code] = field(default_factory=list)
    has_table: bool = False  # of children

    @property
    def is_class(self) -> bool:
        return bool(self.instructions) and self.instructions[0][1:3] == (LOAD_NAME, "__name__")


@dataclass
class Module:
    """A file: names met, constants, and the code of the module itself."""

    names: list[str]
    static: set[str]  # names without letters in the file
    objects: list[Any]
    code: Code


class Reader:
    """Bytes of a file in order; ValueError where they end too early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self.data):
            raise ValueError("the .mpy file is cut short")
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def uint(self) -> int:
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    def int(self) -> int:
        value = -1 if self.data[self.at] & 0x40 else 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value


def read(data: bytes) -> Module:
    """An .mpy file of version 6 taken apart; ValueError for anything else."""
    if data[:2] != ABI:
        raise ValueError("not an .mpy of version 6")
    reader = Reader(data)
    reader.at = 4
    n_names, n_objects = reader.uint(), reader.uint()
    names, static = [], set()
    for _ in range(n_names):
        size = reader.uint()
        if size & 1:
            names.append(STATIC_NAMES[size >> 1])
            static.add(names[-1])
        else:
            names.append(reader.take((size >> 1) + 1)[:-1].decode())
    objects = [_object(reader) for _ in range(n_objects)]
    return Module(names, static, objects, _code(reader, names))


def _object(reader: Reader) -> Any:
    kind = reader.byte()
    if kind in (1, 2, 3, 4):
        return (None, False, True, ...)[kind - 1]
    size = reader.uint()
    if kind == 10:
        return tuple(_object(reader) for _ in range(size))
    if kind in (5, 6):
        data = reader.take(size + 1)[:-1]
        return data.decode() if kind == 5 else data
    text = reader.take(size).decode()
    return int(text) if kind == 7 else float(text) if kind == 8 else complex(text)


def _code(reader: Reader, names: list[str]) -> Code:
    head = reader.uint()
    if head & 3:
        raise ValueError("native code")
    out = _bytecode(reader.take(head >> 3), names)
    if head & 4:
        out.has_table = True
        out.children = [_code(reader, names) for _ in range(reader.uint())]
    return out


def _bytecode(data: bytes, names: list[str]) -> Code:
    reader = Reader(data)
    z = reader.byte()
    state, exc, args = z >> 3 & 15, z >> 2 & 1, z & 3
    flags = keyword_only = defaults = n = 0
    while z & 0x80:
        z = reader.byte()
        state |= (z & 0x30) << 2 * n
        exc |= (z & 2) << n
        flags |= (z >> 6 & 1) << n
        args |= (z & 4) << n
        keyword_only |= (z >> 3 & 1) << n
        defaults |= (z & 1) << n
        n += 1
    n_info = n_cells = n = 0
    while True:
        z = reader.byte()
        n_cells |= (z & 1) << n
        n_info |= (z >> 1 & 0x3F) << 6 * n
        n += 1
        if not z & 0x80:
            break
    end = reader.at + n_info
    name = names[reader.uint()]
    arguments = [names[reader.uint()] for _ in range(args + keyword_only)]
    lines = reader.take(end - reader.at)
    cells = list(reader.take(n_cells))
    begin = reader.at
    instructions = list(_instructions(data, begin, names))
    code = Code(
        name, len(data), state + 1, exc, flags, args, keyword_only, defaults, arguments, cells, instructions, []
    )
    code.lines = [(begin + offset, line) for offset, line in _lines(lines)]
    return code


def _instructions(data: bytes, begin: int, names: list[str]) -> Iterator[tuple[int, int, Any, int]]:
    reader = Reader(data)
    reader.at = begin
    while reader.at < len(data):
        at = reader.at
        op = reader.byte()
        group = op & 0xF0
        arg: Any = None
        if op >= 0x70:
            if op < 0xB0:
                op, arg = LOAD_CONST_SMALL_INT, op - 0x70 - 16
            elif op < 0xC0:
                op, arg = LOAD_FAST, op - 0xB0
            elif op < 0xD0:
                op, arg = STORE_FAST, op - 0xC0
            elif op < BINARY_OP:
                op, arg = UNARY_OP, UNARY[op - UNARY_OP]
            else:
                op, arg = BINARY_OP, BINARY[op - BINARY_OP]
        elif group == _QSTR:
            arg = names[reader.uint()]
        elif group in (_VINT_E, _VINT_O):
            arg = reader.int() if op == LOAD_CONST_SMALL_INT else reader.uint()
        elif group == _JUMP:
            first = reader.byte()
            if first & 0x80:
                arg = (first & 0x7F | reader.byte() << 7) - (0x4000 if op in _SIGNED_JUMPS else 0)
            else:
                arg = first - (0x40 if op in _SIGNED_JUMPS else 0)
            arg += reader.at
        elif op not in NAMES:
            raise ValueError("no such opcode: 0x%02x" % op)
        if op in _EXTRA_BYTE:
            arg = arg, reader.byte()
        yield at, op, arg, reader.at - at


def _lines(info: bytes) -> Iterator[tuple[int, int]]:
    """(offset, line) from which on a line counts."""
    reader = Reader(info)
    offset, line = 0, 1
    yield offset, line
    while reader.at < len(info):
        c = reader.byte()
        if c & 0x80:
            offset += c & 15
            line += (c << 4 & 0x700) | reader.byte()
        else:
            offset += c & 31
            line += c >> 5
        yield offset, line
