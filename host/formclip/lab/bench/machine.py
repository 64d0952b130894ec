"""Runs MicroPython's bytecode instruction by instruction, and tells a meter of each: what the device does, counted.

mpy-cross compiles the firmware; this executes what it emitted, with Python's own objects. So the instructions that are
priced are those of the device, whichever CPython runs the bench. What is in C on the board (stand-ins, ulab, built-in
functions) is called as it is.

Source   MicroPython 1.28: py/vm.c (what each opcode does), py/bc.c (arguments), py/objclosure.c, py/objtype.c
Differs  numbers are CPython's: no float of 30 bits, no int of 31; iterators lie on the stack as they do there, without
         an object of their own
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from formclip.firmware.rom import bytecode as bc
from formclip.firmware.rom.bytecode import Code, Module
from formclip.lab.bench import cost

_UNARY: dict[str, Callable[[Any], Any]] = {
    "+": operator.pos,
    "-": operator.neg,
    "~": operator.invert,
    "not": operator.not_,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "in": lambda a, b: a in b,
    "is": operator.is_,
    "except": lambda a, b: isinstance(a, b) if isinstance(a, BaseException) else issubclass(a, b),
    "|": operator.or_,
    "^": operator.xor,
    "&": operator.and_,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "@": operator.matmul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "%": operator.mod,
    "**": operator.pow,
    "|=": operator.ior,
    "^=": operator.ixor,
    "&=": operator.iand,
    "<<=": operator.ilshift,
    ">>=": operator.irshift,
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "@=": operator.imatmul,
    "//=": operator.ifloordiv,
    "/=": operator.itruediv,
    "%=": operator.imod,
    "**=": operator.ipow,
}
_NULL = object()  # MP_OBJ_NULL on the stack
_END = object()  # an iterator has no more
_COMPARES = ("<", ">", "==", "<=", ">=", "!=")
_METHOD = types.MethodType
_SMALL_INT = 1 << 30


class Meter(Protocol):
    """What a Machine tells, in instructions of the board's processor and bytes of its heap.

    In        enter(function) and leave() around each function of the firmware; spend(insns) of the one that runs;
              allocate(size_b): a new object on the heap; stands(thing): its places are what was allocated last;
              grown(thing, n): a table or list of n gets one more
              native(function): what is in C is about to be called; outside(): something of the board is about to be
              looked at or changed
    """

    def enter(self, function: Function) -> None: ...
    def leave(self) -> None: ...
    def spend(self, insns: int) -> None: ...
    def allocate(self, size_b: int) -> None: ...
    def stands(self, thing: Any) -> None: ...
    def grown(self, thing: Any, n: int) -> None: ...
    def native(self, function: Any, args: tuple[Any, ...]) -> None: ...
    def outside(self, thing: Any) -> None: ...


class _Cell:
    """A variable that functions share."""

    __slots__ = ("value",)

    def __init__(self, value: Any = _NULL) -> None:
        self.value = value


class Function:
    """A function of the firmware; Python's own code calls it like any other."""

    def __init__(
        self, machine: Machine, code: Code, world: dict[str, Any], defaults: Any, keywords: Any, closed: tuple[Any, ...]
    ) -> None:
        self.machine = machine
        self.code = code
        self.globals = world
        self.defaults = () if defaults is _NULL else defaults
        self.keywords = {} if keywords is _NULL else keywords
        self.closed = closed
        self.__name__ = self.__qualname__ = code.name

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.machine.call(self, args, keywords)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)


class _Frame:
    """One call under way. blocks: [where the handler is, height of the stack, whether it is finally, its exception]"""

    __slots__ = ("blocks", "function", "i", "local", "names", "stack")

    def __init__(self, function: Function, local: list[Any], names: dict[str, Any] | None) -> None:
        self.function = function
        self.local = local
        self.stack: list[Any] = []
        self.blocks: list[list[Any]] = []
        self.names = names  # of a class or a module
        self.i = 0


def frame_b(code: Code) -> int:
    """Bytes of a call on the device's Python stack: five words, locals and stack, three words a block of try or with.

    Source    py/bc.h, mp_code_state_t, and py/pystack.h: in units of 8 bytes
    """
    return -(-(20 + 4 * code.n_state + 12 * code.n_exc) // 8) * 8


class Machine:
    """Functions of .mpy files, run.

    Settings  meter; importer(name, globals, locals, fromlist, level) as Python's __import__; names: the builtins
    In        run(module, globals): a module's body
    Out       depth_b, deepest_b: bytes of the device's Python stack in use, and the most there were
    """

    def __init__(self, meter: Meter, importer: Callable[..., Any], names: dict[str, Any]) -> None:
        self.meter = meter
        self.importer = importer
        self.builtins = names
        self.depth_b = self.deepest_b = 0
        self.deepest: list[str] = []
        self._path: list[Function] = []
        self._programs: dict[int, list[tuple[int, Any, int]]] = {}
        self._of: dict[int, Module] = {}
        self._classes: set[type] = set()  # of the firmware
        self._special: set[type] = set()  # of those, with properties or other descriptors

    # -- calls --------------------------------------------------------------------------------------------------------

    def run(self, module: Module, world: dict[str, Any]) -> None:
        """A module's body."""
        self._adopt(module, module.code)
        function = Function(self, module.code, world, _NULL, _NULL, ())
        self._go(_Frame(function, self._arguments(function, (), {}), world))

    def _adopt(self, module: Module, code: Code) -> None:
        self._of[id(code)] = module
        for child in code.children:
            self._adopt(module, child)

    def call(self, function: Function, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        code = function.code
        self.meter.spend(cost.CALL + cost.KEYWORD * len(keywords))
        frame = _Frame(function, self._arguments(function, args, keywords), None)
        if code.flags & bc.GENERATOR:
            self.meter.allocate(28 + 4 * code.n_state)
            return self._generator(frame)
        return self._go(frame)[1]

    def _arguments(self, function: Function, args: tuple[Any, ...], keywords: dict[str, Any]) -> list[Any]:
        code = function.code
        local: list[Any] = [_NULL] * code.n_state
        args = function.closed + args
        n, n_only = code.n_args, code.n_keyword_only
        names = code.arguments
        k = n + n_only
        if code.flags & bc.VAR_ARGS:
            local[k] = tuple(args[n:])
            self.meter.allocate(8 + 4 * len(local[k]))
            k += 1
        elif len(args) > n:
            raise TypeError("%s takes %d arguments, %d given" % (code.name, n, len(args)))
        local[: min(len(args), n)] = args[:n]
        if len(args) < n or n_only or keywords:
            rest: dict[str, Any] = {}
            for name, value in keywords.items():
                i = names.index(name, len(function.closed)) if name in names[len(function.closed) :] else -1
                if i < 0:
                    if not code.flags & bc.VAR_KEYWORDS:
                        raise TypeError("%s has no argument %s" % (code.name, name))
                    rest[name] = value
                elif local[i] is not _NULL:
                    raise TypeError("%s: %s given twice" % (code.name, name))
                else:
                    local[i] = value
            for j, value in enumerate(function.defaults):
                i = n - len(function.defaults) + j
                if local[i] is _NULL:
                    local[i] = value
            for i in range(n, n + n_only):
                if local[i] is _NULL and names[i] in function.keywords:
                    local[i] = function.keywords[names[i]]
            if code.flags & bc.VAR_KEYWORDS:
                local[k] = rest
        elif code.flags & bc.VAR_KEYWORDS:
            local[k] = {}
        for i in range(n + n_only):
            if local[i] is _NULL:
                raise TypeError("%s: no argument %s" % (code.name, names[i]))
        for i in code.cells:
            self.meter.allocate(8)
            local[i] = _Cell(local[i])
        return local

    def _generator(self, frame: _Frame) -> Iterator[Any]:
        while True:
            done, value = self._go(frame)
            if done:
                return
            yield value

    def _program(self, code: Code) -> list[tuple[int, Any, int]]:
        """(opcode, argument, price) with jumps as places in this list."""
        known = self._programs.get(id(code))
        if known is not None:
            return known
        places = {at: i for i, (at, _, _, _) in enumerate(code.instructions)}
        places[code.size_b] = len(places)
        out: list[tuple[int, Any, int]] = []
        objects = self._of[id(code)].objects
        for _, op, arg, _ in code.instructions:
            if op == bc.UNWIND_JUMP:
                arg = places[arg[0]], arg[1]
            elif op & 0xF0 == 0x40:
                arg = places[arg]
            elif op == bc.LOAD_CONST_OBJ:
                arg = objects[arg]
            elif op == bc.UNARY_OP:
                arg = _UNARY[arg]
            elif op == bc.BINARY_OP:
                arg = arg, _BINARY[arg]
            out.append((op, arg, cost.OPCODES.get(op, cost.OTHER)))
        self._programs[id(code)] = out
        return out

    # -- one call -----------------------------------------------------------------------------------------------------

    def _go(self, frame: _Frame) -> tuple[bool, Any]:
        """Runs until it returns or yields: (whether it returned, value)."""
        meter, code = self.meter, frame.function.code
        size_b = frame_b(code)
        self.depth_b += size_b
        self._path.append(frame.function)
        if self.depth_b > self.deepest_b:
            self.deepest_b = self.depth_b
            self.deepest = [function.__qualname__ for function in self._path]
        meter.enter(frame.function)
        try:
            return self._run(frame, self._program(code))
        finally:
            meter.leave()
            self.depth_b -= size_b
            self._path.pop()

    def _run(self, frame: _Frame, program: list[tuple[int, Any, int]]) -> tuple[bool, Any]:
        spend, allocate = self.meter.spend, self.meter.allocate
        local, stack, blocks = frame.local, frame.stack, frame.blocks
        push, pop = stack.append, stack.pop
        world = frame.function.globals
        i = frame.i
        insns = 0
        while True:
            try:
                while True:
                    op, arg, price = program[i]
                    i += 1
                    insns += price
                    if op == bc.LOAD_FAST:
                        value = local[arg]
                        if value is _NULL:
                            raise NameError("local variable referenced before assignment")
                        push(value)
                    elif op == bc.LOAD_CONST_SMALL_INT or op == bc.LOAD_CONST_OBJ or op == bc.LOAD_CONST_STRING:
                        push(arg)
                    elif op == bc.STORE_FAST:
                        local[arg] = pop()
                    elif op == bc.BINARY_OP:
                        name, function = arg
                        right = pop()
                        left = stack[-1]
                        kind = type(left)
                        if kind is float or type(right) is float:
                            insns += cost.FLOAT_COMPARE if name in _COMPARES else cost.FLOAT_OP
                        elif kind is int or kind is bool:
                            insns += cost.INT_COMPARE if name in _COMPARES else cost.INT_OP
                        elif name == "is":
                            insns += cost.IS_OP
                        else:
                            spend(insns + cost.object_op(name, left, right))
                            insns = 0
                        value = stack[-1] = function(left, right)
                        if type(value) is int:
                            if not -_SMALL_INT <= value < _SMALL_INT:
                                insns += cost.LONG_INT
                                allocate(16)
                        elif kind in cost.SIZES and value is not left:
                            self._made(value)
                    elif op == bc.LOAD_ATTR:
                        left = stack[-1]
                        spend(insns + self._attribute(left, arg))
                        insns = 0
                        value = stack[-1] = getattr(left, arg)
                        if type(value) is _METHOD:
                            allocate(16)
                    elif op == bc.POP_JUMP_IF_FALSE:
                        if not pop():
                            i = arg
                    elif op == bc.POP_JUMP_IF_TRUE:
                        if pop():
                            i = arg
                    elif op == bc.LOAD_GLOBAL:
                        value = world.get(arg, _NULL)
                        if value is _NULL:
                            insns += cost.BUILT_IN_NAME
                            value = self._built_in(arg)
                        push(value)
                    elif op == bc.LOAD_METHOD:
                        left = pop()
                        spend(insns + self._method(left))
                        insns = 0
                        value = getattr(left, arg)
                        if type(value) is _METHOD and type(value.__func__) is Function:
                            push(value.__func__)
                            push(value.__self__)
                        else:
                            push(value)
                            push(_NULL)
                    elif op == bc.CALL_METHOD or op == bc.CALL_FUNCTION:
                        keywords = {}
                        if arg > 0xFF:
                            n = 2 * (arg >> 8)
                            flat = stack[-n:]
                            del stack[-n:]
                            keywords = dict(zip(flat[::2], flat[1::2]))
                        n = arg & 0xFF
                        args = tuple(stack[len(stack) - n :])
                        del stack[len(stack) - n :]
                        if op == bc.CALL_METHOD:
                            left = pop()
                            if left is not _NULL:
                                args = (left, *args)
                        spend(insns)
                        insns = 0
                        stack[-1] = self._apply(stack[-1], args, keywords)
                    elif op == bc.STORE_ATTR:
                        left = pop()
                        spend(insns)
                        insns = 0
                        self._store(left, arg, pop())
                    elif op == bc.POP_TOP:
                        pop()
                    elif op == bc.LOAD_SUBSCR:
                        right = pop()
                        left = stack[-1]
                        spend(insns + cost.subscript(left))
                        insns = 0
                        self._look(left)
                        value = stack[-1] = left[right]
                        if type(right) is slice:
                            self._made(value)
                        elif type(value) is int and not -_SMALL_INT <= value < _SMALL_INT:
                            allocate(16)
                    elif op == bc.STORE_SUBSCR:
                        right, left = pop(), pop()
                        spend(insns + cost.store_subscript(left))
                        insns = 0
                        self._look(left)
                        left[right] = pop()
                    elif op == bc.JUMP:
                        i = arg
                    elif op == bc.FOR_ITER:
                        spend(insns)
                        insns = 0
                        value = next(stack[-3], _END)
                        if value is _END:
                            del stack[-4:]
                            i = arg
                        else:
                            push(value)
                    elif op == bc.GET_ITER_STACK:
                        stack[-1:] = (_NULL, iter(stack[-1]), _NULL, _NULL)
                    elif op == bc.BUILD_TUPLE:
                        allocate(8 + 4 * arg)
                        value = tuple(stack[len(stack) - arg :])
                        del stack[len(stack) - arg :]
                        push(value)
                    elif op == bc.BUILD_LIST:
                        allocate(16)
                        allocate(4 * max(arg, 4))
                        values = stack[len(stack) - arg :]
                        del stack[len(stack) - arg :]
                        self.meter.stands(values)
                        push(values)
                    elif op == bc.UNPACK_SEQUENCE:
                        values = list(pop())
                        if len(values) != arg:
                            raise ValueError("need %d values to unpack, got %d" % (arg, len(values)))
                        insns += cost.UNPACK_EACH * arg
                        stack.extend(reversed(values))
                    elif op == bc.RETURN_VALUE:
                        i = _returning(stack, blocks, i)
                        if i < 0:
                            spend(insns)
                            return True, pop()
                    elif op == bc.DUP_TOP:
                        push(stack[-1])
                    elif op == bc.DUP_TOP_TWO:
                        stack += stack[-2:]
                    elif op == bc.ROT_TWO:
                        stack[-2:] = stack[-1], stack[-2]
                    elif op == bc.ROT_THREE:
                        stack[-3:] = stack[-1], stack[-3], stack[-2]
                    elif op == bc.LOAD_CONST_NONE:
                        push(None)
                    elif op == bc.LOAD_CONST_FALSE or op == bc.LOAD_CONST_TRUE:
                        push(op == bc.LOAD_CONST_TRUE)
                    elif op == bc.LOAD_NULL:
                        push(_NULL)
                    elif op == bc.UNARY_OP:
                        stack[-1] = arg(stack[-1])
                    elif op == bc.JUMP_IF_TRUE_OR_POP or op == bc.JUMP_IF_FALSE_OR_POP:
                        if bool(stack[-1]) == (op == bc.JUMP_IF_TRUE_OR_POP):
                            i = arg
                        else:
                            pop()
                    elif op == bc.LOAD_DEREF:
                        value = local[arg].value
                        if value is _NULL:
                            raise NameError("local variable referenced before assignment")
                        push(value)
                    elif op == bc.STORE_DEREF:
                        local[arg].value = pop()
                    elif op == bc.STORE_COMP:
                        into = stack[-1 - (arg >> 2)]
                        value = pop()
                        if arg & 3 == 0:
                            self.meter.grown(into, len(into))
                            into.append(value)
                        elif arg & 3 == 1:
                            into[value] = pop()
                        else:
                            into.add(value)
                    elif op == bc.BUILD_SLICE:
                        allocate(16)
                        values = stack[-arg:]
                        del stack[-arg:]
                        push(slice(*values))
                    elif op == bc.SETUP_EXCEPT or op == bc.SETUP_FINALLY:
                        blocks.append([arg, len(stack), op == bc.SETUP_FINALLY, None])
                    elif op == bc.SETUP_WITH:
                        left = stack[-1]
                        spend(insns + 2 * self._method(left))
                        insns = 0
                        stack[-1:] = left.__exit__, _NULL
                        value = self._apply(left.__enter__, (), {})
                        blocks.append([arg, len(stack), True, None])
                        push(value)
                    elif op == bc.WITH_CLEANUP:
                        spend(insns)
                        insns = 0
                        self._clean_up(stack)
                    elif op == bc.POP_EXCEPT_JUMP:
                        blocks.pop()
                        i = arg
                    elif op == bc.END_FINALLY:
                        blocks.pop()
                        value = pop()
                        if value is None:
                            continue
                        if type(value) is not int:
                            raise value
                        if value >= 0:
                            push(value)
                            i = _jumping(stack, blocks, i)
                        else:
                            i = _returning(stack, blocks, i)
                            if i < 0:
                                spend(insns)
                                return True, pop()
                    elif op == bc.UNWIND_JUMP:
                        stack += arg
                        i = _jumping(stack, blocks, i)
                    elif op == bc.YIELD_VALUE:
                        spend(insns)
                        value = stack[-1]
                        stack[-1] = None
                        frame.i = i
                        return False, value
                    else:
                        spend(insns)
                        insns = 0
                        self._rare(frame, op, arg)
            except Exception as error:
                spend(insns + cost.EXCEPTION)
                insns = 0
                # a block whose handler is under way, or done, handles nothing more
                while blocks and blocks[-1][0] < i:
                    blocks.pop()
                if not blocks:
                    raise
                allocate(32)
                i = blocks[-1][0]
                blocks[-1][3] = error
                del stack[blocks[-1][1] :]
                push(error)

    def _rare(self, frame: _Frame, op: int, arg: Any) -> None:
        """What a block of the sensor hardly needs: names, classes, imports, closures, sets and maps."""
        stack, local = frame.stack, frame.local
        world = frame.function.globals
        names = world if frame.names is None else frame.names
        if op == bc.LOAD_NAME:
            found = names.get(arg, _NULL)
            found = world.get(arg, _NULL) if found is _NULL else found
            stack.append(self._built_in(arg) if found is _NULL else found)
        elif op == bc.STORE_NAME:
            names[arg] = stack.pop()
        elif op == bc.STORE_GLOBAL:
            world[arg] = stack.pop()
        elif op == bc.DELETE_NAME or op == bc.DELETE_GLOBAL:
            del (names if op == bc.DELETE_NAME else world)[arg]
        elif op == bc.DELETE_FAST:
            local[arg] = _NULL
        elif op == bc.DELETE_DEREF:
            local[arg].value = _NULL
        elif op in (bc.MAKE_FUNCTION, bc.MAKE_FUNCTION_DEFARGS, bc.MAKE_CLOSURE, bc.MAKE_CLOSURE_DEFARGS):
            closed: tuple[Any, ...] = ()
            if op in (bc.MAKE_CLOSURE, bc.MAKE_CLOSURE_DEFARGS):
                arg, n = arg
                closed = tuple(stack[-n:])
                del stack[-n:]
            keywords = defaults = _NULL
            if op in (bc.MAKE_FUNCTION_DEFARGS, bc.MAKE_CLOSURE_DEFARGS):
                keywords = stack.pop()
                defaults = stack.pop()
            made = Function(self, frame.function.code.children[arg], world, defaults, keywords, closed)
            self.meter.allocate(16 + 4 * len(made.defaults))
            if closed:
                self.meter.allocate(12 + 4 * len(closed))
            stack.append(made)
        elif op == bc.LOAD_BUILD_CLASS:
            stack.append(self._build_class)
        elif op == bc.LOAD_SUPER_METHOD:
            _, cls, instance = stack[-3:]
            stack[-3:] = getattr(super(cls, instance), arg), _NULL
        elif op == bc.CALL_FUNCTION_VAR_KW or op == bc.CALL_METHOD_VAR_KW:
            self._spread(stack, op, arg)
        elif op == bc.IMPORT_NAME:
            wanted = stack.pop()
            stack[-1] = self.importer(arg, world, None, wanted or (), stack[-1])
        elif op == bc.IMPORT_FROM:
            try:
                stack.append(getattr(stack[-1], arg))
            except AttributeError:
                raise ImportError("can't import name " + arg) from None
        elif op == bc.BUILD_MAP:
            self.meter.allocate(16)
            self.meter.allocate(8 * max(arg, 1))
            stack.append({})
        elif op == bc.STORE_MAP:
            key = stack.pop()
            value = stack.pop()
            stack[-1][key] = value
        elif op == bc.BUILD_SET:
            values = set(stack[len(stack) - arg :])
            del stack[len(stack) - arg :]
            self.meter.allocate(16)
            self.meter.allocate(4 * max(arg, 4))
            stack.append(values)
        elif op == bc.RAISE_OBJ:
            raise stack.pop()
        elif op == bc.RAISE_FROM:
            stack.pop()
            raise stack.pop()
        elif op == bc.RAISE_LAST:
            for block in reversed(frame.blocks):
                if block[3] is not None:
                    raise block[3]
            raise RuntimeError("no active exception to reraise")
        elif op == bc.GET_ITER:
            self.meter.allocate(16)
            stack[-1] = iter(stack[-1])
        else:
            raise NotImplementedError("the bench's machine does not know " + bc.NAMES[op])

    def _clean_up(self, stack: list[Any]) -> None:
        """The end of a `with` block: __exit__ below what tells why it ended."""
        cause = stack[-1]
        if cause is None:
            leave = stack[-3]
            self._apply(leave, (None, None, None), {})
            stack[-3:] = [None]
        elif type(cause) is int:
            leave, _, data, cause = stack[-4:]
            self._apply(leave, (None, None, None), {})
            stack[-4:] = data, cause
        else:
            leave = stack[-3]
            handled = self._apply(leave, (type(cause), cause, None), {})
            stack[-3:] = [None if handled else cause]

    def _spread(self, stack: list[Any], op: int, arg: int) -> None:
        """A call with * or **: a bitmap tells which of the arguments are spread."""
        stars = stack.pop()
        n, n_words = arg & 0xFF, arg >> 8 & 0xFF
        flat = stack[len(stack) - 2 * n_words :]
        del stack[len(stack) - 2 * n_words :]
        given = stack[len(stack) - n :]
        del stack[len(stack) - n :]
        args: list[Any] = []
        for k, value in enumerate(given):
            args.extend(value) if stars >> k & 1 else args.append(value)
        keywords: dict[str, Any] = {}
        for key, value in zip(flat[::2], flat[1::2]):
            if key is _NULL:
                keywords.update(value)
            else:
                keywords[key] = value
        if op == bc.CALL_METHOD_VAR_KW:
            left = stack.pop()
            if left is not _NULL:
                args.insert(0, left)
        stack[-1] = self._apply(stack[-1], tuple(args), keywords)

    # -- what costs by what it meets ----------------------------------------------------------------------------------

    def _built_in(self, name: str) -> Any:
        if name not in self.builtins:
            raise NameError("name '%s' isn't defined" % name)
        return self.builtins[name]

    def _build_class(self, function: Function, name: str, *bases: type) -> type:
        """The class whose body this function is."""
        names: dict[str, Any] = {}
        self.meter.allocate(64)
        self.meter.allocate(16)
        cell = self._go(_Frame(function, self._arguments(function, (), {}), names))[1]
        self.meter.allocate(8 * len(names))
        for value in names.values():
            if type(value) is Function:
                value.__qualname__ = name + "." + value.__name__
            elif isinstance(value, property) and type(value.fget) is Function:
                value.fget.__qualname__ = name + "." + value.fget.__name__
        cls = type(name, bases, names)
        self._classes.add(cls)
        if any(base in self._special for base in bases) or any(hasattr(v, "__set__") for v in names.values()):
            self._special.add(cls)
        if cell is not None:
            cell.value = cls
        return cls

    def _apply(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        kind = type(function)
        if kind is Function:
            return self.call(function, args, keywords)
        if kind is _METHOD and type(function.__func__) is Function:
            self.meter.spend(cost.BOUND_CALL)
            return self.call(function.__func__, (function.__self__, *args), keywords)
        if function in self._classes if kind is type else False:
            self.meter.spend(cost.CONSTRUCT)
            self.meter.allocate(16)
            return function(*args, **keywords)
        self.meter.native(function, args)
        value = function(*args, **keywords)
        if cost.makes(function):
            self._made(value)
        return value

    def _made(self, value: Any) -> None:
        """A new object of what is in C."""
        for size_b in cost.sizes(value):
            self.meter.allocate(size_b)

    def _attribute(self, thing: Any, name: str) -> int:
        """Instructions of looking an attribute up, beside the opcode's own."""
        kind = type(thing)
        if kind in self._classes:
            if name in thing.__dict__:
                return 0
            return cost.PROPERTY if kind in self._special else cost.CLASS_ATTRIBUTE
        self.meter.outside(thing)
        return cost.MODULE_ATTRIBUTE if kind is types.ModuleType else cost.NATIVE_ATTRIBUTE

    def _method(self, thing: Any) -> int:
        kind = type(thing)
        if kind in self._classes:
            return cost.CLASS_METHOD
        self.meter.outside(thing)
        if kind is types.ModuleType:
            return 0 if thing.__name__.startswith("ulab") else cost.MODULE_ATTRIBUTE
        return cost.NATIVE_METHOD

    def _look(self, thing: Any) -> None:
        if type(thing) not in cost.SIZES:
            self.meter.outside(thing)

    def _store(self, thing: Any, name: str, value: Any) -> None:
        kind = type(thing)
        if kind not in self._classes:
            self.meter.outside(thing)
        elif kind in self._special:
            self.meter.spend(cost.SPECIAL_STORE)
        elif name not in thing.__dict__:
            self.meter.grown(thing, len(thing.__dict__))
        setattr(thing, name, value)


def _cancel(stack: list[Any]) -> None:
    """A finally block that is under way is left for good: what it would have gone on with is dropped."""
    if type(stack[-2]) is int:
        stack[-3] = stack[-1]
        del stack[-2:]
    else:
        stack[-2] = stack[-1]
        stack.pop()


def _returning(stack: list[Any], blocks: list[list[Any]], i: int) -> int:
    """Where a return with its value on the stack leads: to a finally block that must run first, or out, -1."""
    while blocks:
        handler, height, last, _ = blocks[-1]
        if last:
            if handler >= i:
                value = stack.pop()
                del stack[height:]
                stack += (value, -1)
                return int(handler)
            _cancel(stack)
        blocks.pop()
    return -1


def _jumping(stack: list[Any], blocks: list[list[Any]], i: int) -> int:
    """Where a jump out of blocks leads; on the stack are its aim and how many blocks it leaves."""
    n = stack.pop()
    while n & 0x7F:
        n -= 1
        handler, _, last, _ = blocks[-1]
        if last:
            if handler >= i:
                stack.append(n)
                return int(handler)
            _cancel(stack)
        blocks.pop()
    aim = stack.pop()
    if n:
        del stack[-4:]  # an iterator that is left
    return int(aim)
