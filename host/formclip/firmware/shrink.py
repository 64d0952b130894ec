"""Firmware made small for the board: what the clip does not use left out, constants written in.

What goes onto the board is the same program, line for line, with

0. functions, methods, classes and tables that nothing on the clip names left out: those are the desktop's,
1. constants (`NAME = 5`, `NAME = const(5)`, capitals) written where they are used, and their definitions left out: each
   takes a place in its module's dictionary, and in that of each module that imports it.

All other names stay as they are written, and with them what a crash record shows: frozen they lie in flash.

`prune` leaves out of the libraries what neither we nor they name.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

_CAPITALS = re.compile(r"_?[A-Z][A-Z0-9_]*$")
_WORD = re.compile(r"[A-Za-z_]\w*")
# Their constants are read by name from an object that stands for the module.
_AS_OBJECTS = ("boards.",)
# What the board runs by itself: all else is used if these use it.
_RUN = ("code", "boot")


@dataclass(frozen=True)
class Edit:
    """Replace text[start:end), positions as (line from 0, column in characters)."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def _apply(source: str, edits: list[Edit]) -> str:
    """Make the edits; a piece of several lines leaves its line ends, so that lines keep their numbers."""
    lines = source.split("\n")
    for e in sorted(set(edits), key=lambda e: e.start, reverse=True):
        (row, column), (last, end) = e.start, e.end
        tail = lines[last][end:]
        if row == last:
            lines[row] = lines[row][:column] + e.text + tail
        else:
            lines[row] = lines[row][:column] + e.text
            for k in range(row + 1, last):
                lines[k] = ""
            lines[last] = tail.lstrip() if tail.strip() else ""
    return "\n".join(lines)


def _span(node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
    assert isinstance(node, ast.expr | ast.stmt | ast.arg | ast.alias | ast.keyword)
    assert node.end_lineno is not None and node.end_col_offset is not None
    return (node.lineno - 1, node.col_offset), (node.end_lineno - 1, node.end_col_offset)


def module_name(path: str) -> str:
    name = path.strip("/").removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


# Fields that hold no node but whether a name is read or bound, or text.
_NO_NODES = {"ctx", "id", "attr", "arg", "kind", "type_comment", "module", "level", "asname"}
_FIELDS: dict[type[ast.AST], list[str]] = {}
for _kind in vars(ast).values():
    if isinstance(_kind, type) and issubclass(_kind, ast.AST):
        _FIELDS[_kind] = [name for name in _kind._fields if name not in _NO_NODES]


def _children(node: ast.AST) -> list[ast.AST]:
    """As `ast.iter_child_nodes`, but for what tells reading from binding, in a quarter of its time."""
    found: list[ast.AST] = []
    for name in _FIELDS[type(node)]:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found += [part for part in value if isinstance(part, ast.AST)]
    return found


def nodes(tree: ast.AST, gone: Collection[int] = ()) -> list[ast.AST]:
    """As `ast.walk`, in its order, but for what tells reading from binding, and for what is left out, by its id."""
    found = [tree]
    for node in found:  # it grows meanwhile
        found += [child for child in _children(node) if id(child) not in gone] if gone else _children(node)
    return found


def _words(tree: ast.AST) -> set[str]:
    """Words in strings: a program can reach names by them."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(_WORD.findall(node.value))
    return found


def _names(tree: ast.AST) -> set[str]:
    """Every identifier."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.update(node.name.split("."))
            found.add(node.asname or "")
        elif isinstance(node, ast.ExceptHandler):
            found.add(node.name or "")
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found.update(node.names)
    return found


# -- 0. what only the desktop uses ------------------------------------------------------------------------------------

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign


def _definitions(tree: ast.Module) -> Iterator[tuple[str, Definition, bool]]:
    """(name, where it is defined, whether as a method) of what may be left out when nobody names it."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, statement, False
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and not any(isinstance(n, ast.Call) for n in nodes(statement.value)):
                yield target.id, statement, False
        if isinstance(statement, ast.ClassDef):
            for method in statement.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("__"):
                    yield method.name, method, True


class _Uses:
    """Who names what, in all files but for the definitions that are left out already."""

    def __init__(self, trees: Mapping[str, ast.Module], gone: set[int]) -> None:
        self.modules = {module_name(path) for path in trees}
        self.gone = gone
        self.attributes: set[str] = set()  # of what may be any object
        self.globals: set[tuple[str, str]] = set()  # (module, name)
        self.whole: set[str] = set()  # modules handed on as an object: all of it may be used
        self.imported: dict[tuple[str, str], tuple[str, str]] = {}  # names that a module has from another
        for path, tree in trees.items():
            self._file(module_name(path), tree)
        todo = list(self.globals)
        while todo:
            origin = self.imported.get(todo.pop())
            if origin and origin not in self.globals:
                self.globals.add(origin)
                todo.append(origin)

    def _file(self, here: str, tree: ast.Module) -> None:
        named = nodes(tree, self.gone)
        aliases: dict[str, str] = {}
        for node in named:
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = node.module + "." + alias.name
                    if whole in self.modules:
                        aliases[alias.asname or alias.name] = whole
                    else:
                        self.imported[here, alias.asname or alias.name] = (node.module, alias.name)
        bases = {id(n.value) for n in named if isinstance(n, ast.Attribute)}
        asked = {id(n.left) for n in named if isinstance(n, ast.Compare)}
        for node in named:
            if isinstance(node, ast.Attribute):
                module = aliases.get(node.value.id) if isinstance(node.value, ast.Name) else None
                if module is None:
                    self.attributes.add(node.attr)
                else:
                    self.globals.add((module, node.attr))
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.globals.add((here, node.id))
                if node.id in aliases and id(node) not in bases | asked:
                    self.whole.add(aliases[node.id])


def _leave_out(sources: Mapping[str, str], words: set[str]) -> dict[str, str]:
    """Without what nothing names from the files that the board runs by itself; words are names to keep."""
    if not any(module_name(path) in _RUN for path in sources):
        return dict(sources)
    trees = {path: ast.parse(text) for path, text in sources.items()}
    gone: set[int] = set()
    while True:
        uses = _Uses(trees, gone)
        found = set()
        for path, tree in trees.items():
            here = module_name(path)
            if here in _RUN or here in uses.whole or here.startswith(_AS_OBJECTS):
                continue
            for name, node, is_method in _definitions(tree):
                named = name in uses.attributes if is_method else (here, name) in uses.globals
                if id(node) not in gone and not named and name not in words:
                    found.add(id(node))
        if not found:
            break
        gone |= found
    used: dict[str, set[str]] = defaultdict(lambda: set(words))
    for module, name in uses.globals:
        used[module].add(name)
    for module in uses.whole:
        used[module].update(name for here, name in uses.imported if here == module)
    return {path: _without(text, trees[path], gone, used[module_name(path)]) for path, text in sources.items()}


def _without(source: str, tree: ast.Module, gone: set[int], used: set[str]) -> str:
    edits: list[Edit] = []
    for body in [tree.body, *(s.body for s in tree.body if isinstance(s, ast.ClassDef) and id(s) not in gone)]:
        left = [s for s in body if id(s) not in gone]
        for statement in body:
            if id(statement) in gone:
                start, end = _span(statement)
                decorators = statement.decorator_list if isinstance(statement, ast.FunctionDef | ast.ClassDef) else []
                if decorators:
                    start = (decorators[0].lineno - 1, start[1])
                edits.append(Edit(start, end, "" if left else "pass"))
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            keep = [a for a in statement.names if a.name == "*" or (a.asname or a.name) in used]
            if len(keep) < len(statement.names):
                names = ", ".join(a.name + (" as " + a.asname if a.asname else "") for a in keep)
                text = "from %s import %s" % (statement.module, names) if keep else ""
                edits.append(Edit(*_span(statement), text))
    return _apply(source, edits)


# Descriptors of registers (adafruit_register): to make one does nothing but hold its numbers.
_REGISTERS = {"ROBit", "RWBit", "ROBits", "RWBits", "ROUnaryStruct", "UnaryStruct", "Struct"}
# Named by a library where it never comes to be called: lsm6ds's constructor loads a file for the chip's own
# classifier when it is given one.
_NEVER = {"load_mlc"}


def _filled(statement: ast.AST) -> str:
    """The class that `Class.add_values(table)` fills; "" for anything else."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return function.value.id
    return ""


def _named(node: ast.AST, gone: set[int]) -> set[str]:
    """Names read, attributes and words in strings, but for what is left out already, imports, and a property's own."""
    if id(node) in gone or isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return set()
    found: set[str] = set()
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
        found.add(node.id)
    elif isinstance(node, ast.Attribute):
        found.add(node.attr)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        found.update(_WORD.findall(node.value))
    for child in _children(node):
        names = _named(child, gone)
        if isinstance(node, ast.Module) and _filled(child):
            names.discard(_filled(child))
        found |= names
    if isinstance(node, ast.FunctionDef) and any(isinstance(part, ast.Attribute) for part in node.decorator_list):
        found.discard(node.name)  # `@name.setter`
    return found


def _prunable(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, statement
        for part in statement.body if isinstance(statement, ast.ClassDef) else []:
            if isinstance(part, ast.FunctionDef) and not part.name.startswith("__"):
                yield part.name, part
            elif isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
                made, target = part.value.func, part.targets[0]
                if isinstance(made, ast.Name) and made.id in _REGISTERS and isinstance(target, ast.Name):
                    yield target.id, part
        if _filled(statement):
            yield _filled(statement), statement


def prune(libraries: Mapping[str, str], sources: Mapping[str, str]) -> dict[str, str]:
    """The libraries without functions, classes, methods and registers that nothing names, lines at their numbers."""
    trees = {path: ast.parse(text) for path, text in libraries.items()}
    ours = set().union(*(_names(tree) | _words(tree) for tree in map(ast.parse, sources.values())))
    gone: set[int] = set()
    while True:
        used = ours.union(*(_named(tree, gone) for tree in trees.values())) - _NEVER
        unnamed = {id(node) for tree in trees.values() for name, node in _prunable(tree) if name not in used}
        if unnamed <= gone:
            return {path: _without(text, trees[path], gone, used) for path, text in libraries.items()}
        gone |= unnamed


# -- 1. constants -----------------------------------------------------------------------------------------------------


def _number(node: ast.expr) -> int | float | None:
    """The value of a constant expression of numbers; None for anything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const" and node.args:
        node = node.args[0]
    for part in nodes(node):
        if isinstance(part, ast.Constant):
            if isinstance(part.value, bool) or not isinstance(part.value, int | float):
                return None
        elif not isinstance(part, ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop):
            return None
    value = eval(compile(ast.Expression(node), "constant", "eval"), {"__builtins__": {}})
    return value if isinstance(value, int | float) else None


def _constants(tree: ast.Module) -> dict[str, int | float]:
    """Capital names that a module binds once, to a number."""
    bound: dict[str, list[int | float | None]] = defaultdict(list)
    for statement in tree.body:
        if not isinstance(statement, ast.Assign):
            continue
        for target in statement.targets:
            if isinstance(target, ast.Name):
                bound[target.id].append(_number(statement.value) if len(statement.targets) == 1 else None)
            elif isinstance(target, ast.Tuple):
                parts = statement.value.elts if isinstance(statement.value, ast.Tuple) else []
                for k, part in enumerate(target.elts):
                    if isinstance(part, ast.Name):
                        bound[part.id].append(_number(parts[k]) if k < len(parts) else None)
    stored = [n.id for n in nodes(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
    asked = {n.id for c in nodes(tree) if isinstance(c, ast.Compare) for n in c.comparators if _is_name(n, c)}
    found: dict[str, int | float] = {}
    for name, values in bound.items():
        number = values[0]
        if (
            len(values) == 1 == stored.count(name)
            and number is not None
            and _CAPITALS.match(name)
            and name not in asked
        ):
            found[name] = number
    return found


def _is_name(node: ast.expr, compare: ast.Compare) -> TypeGuard[ast.Name]:
    """A name that something is asked to be the same object as: it is a mark, not a number."""
    return isinstance(node, ast.Name) and any(isinstance(op, ast.Is | ast.IsNot) for op in compare.ops)


def _literal(value: int | float) -> str:
    text = repr(value)
    return "(%s)" % text if text.startswith("-") else text


def _write_in(sources: dict[str, str], others: list[ast.Module]) -> dict[str, str]:
    trees = {path: ast.parse(text) for path, text in sources.items()}
    tables = {
        module_name(path): _constants(tree)
        for path, tree in trees.items()
        if not module_name(path).startswith(_AS_OBJECTS)
    }
    words = set().union(*(_words(tree) for tree in trees.values()))
    for table in tables.values():
        for name in words & set(table):
            del table[name]
    edits: dict[str, list[Edit]] = {path: [] for path in sources}
    left: set[str] = set()  # attributes that are read from something else than a known module
    for tree in others:
        left.update(node.attr for node in nodes(tree) if isinstance(node, ast.Attribute))
    reads: dict[str, list[tuple[ast.expr, int | float]]] = {}
    for path, tree in trees.items():
        here = module_name(path)
        aliases: dict[str, str] = {}  # name of a module in this file
        known = dict(tables.get(here, {}))
        for node in nodes(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = node.module + "." + alias.name
                    if whole in tables:
                        aliases[alias.asname or alias.name] = whole
                    elif alias.name in tables.get(node.module, {}):
                        known[alias.asname or alias.name] = tables[node.module][alias.name]
        reads[path] = []
        for node in nodes(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known:
                reads[path].append((node, known[node.id]))
            elif isinstance(node, ast.Attribute):
                module = aliases.get(node.value.id) if isinstance(node.value, ast.Name) else None
                if module and node.attr in tables[module] and isinstance(node.ctx, ast.Load):
                    reads[path].append((node, tables[module][node.attr]))
                elif module is None:
                    left.add(node.attr)
    for path, tree in trees.items():
        for node, value in reads[path]:
            edits[path].append(Edit(*_span(node), _literal(value)))
        written = {id(node) for node, _ in reads[path]}
        used = set()
        for node in nodes(tree):
            if isinstance(node, ast.Attribute) and id(node) in written:
                written.add(id(node.value))
        for node in nodes(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in written:
                used.add(node.id)
        gone = {name for name in tables.get(module_name(path), {}) if name not in left}
        for statement in tree.body:
            if isinstance(statement, ast.Assign):
                if _targets(statement) <= gone:
                    edits[path] = [e for e in edits[path] if not _within(e, statement)]
                    edits[path].append(Edit(*_span(statement), ""))
        for node in nodes(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in _tops(tables):
                keep = []
                for alias in node.names:
                    whole = node.module + "." + alias.name
                    name = alias.asname or alias.name
                    constant = whole not in tables and alias.name in tables.get(node.module, {})
                    unused = whole in tables and name not in used and node in tree.body
                    if constant and alias.name not in left or unused:
                        continue
                    if name == "const" and not _calls_const(tree, gone):
                        continue
                    keep.append(alias.name + (" as " + alias.asname if alias.asname else ""))
                if len(keep) < len(node.names):
                    text = "from %s import %s" % (node.module, ", ".join(keep)) if keep else ""
                    if not keep and node not in tree.body:
                        text = "pass"
                    edits[path].append(Edit(*_span(node), text))
    return {path: _apply(text, edits[path]) for path, text in sources.items()}


def _tops(tables: Mapping[str, object]) -> set[str]:
    return {name.split(".")[0] for name in tables}


def _within(edit: Edit, statement: ast.stmt) -> bool:
    start, end = _span(statement)
    return start <= edit.start and edit.end <= end


def _calls_const(tree: ast.Module, gone: set[str]) -> bool:
    """Whether `const` is still called when the statements that bind these names are gone."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "const":
            return True
        if isinstance(statement, ast.Assign) and _targets(statement) <= gone:
            continue
        for node in nodes(statement):
            if isinstance(node, ast.Name) and node.id == "const":
                return True
    return False


def _targets(statement: ast.Assign) -> set[str]:
    names = set()
    for target in statement.targets:
        for node in target.elts if isinstance(target, ast.Tuple) else [target]:
            names.add(node.id if isinstance(node, ast.Name) else "")
    return names


# -- all --------------------------------------------------------------------------------------------------------------


def shrink(sources: Mapping[str, str], libraries: Mapping[str, str]) -> dict[str, str]:
    """The same program with less in it: path -> source of ours, given the libraries' sources beside it.

    ASCII sources without docstrings, as `deploy.lean` makes them.
    """
    out = dict(sources)
    for path, text in out.items():
        if not text.isascii():
            raise ValueError("%s is not ASCII: its columns can't be told" % path)
    others = [ast.parse(text) for text in libraries.values()]
    out = _leave_out(out, set().union(*(_names(t) for t in others), *(_words(ast.parse(t)) for t in out.values())))
    out = _write_in(out, others)
    for path, text in out.items():
        compile(text, path, "exec")
    return out
