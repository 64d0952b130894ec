"""What CircuitPython on the board does not have, found in source text: `problems(source)` gives (line, what) pairs.

The facts are those of docs and measurements named in README's device section: the modules, syntax, names and ulab
functions that are absent. What only shows when it runs (a missing method of some object) is for the strict ulab
stand-in, the board's stubs under mypy, and the MicroPython VM.
"""

import ast

BUILT_IN = set(
    "array binascii builtins collections errno gc io json math micropython os random re struct sys time ulab "
    "_bleio alarm analogio board busio countio digitalio keypad microcontroller nvm pwmio rtc storage supervisor "
    "traceback usb_cdc watchdog".split()
)
LIBRARIES = set("adafruit_ble adafruit_bus_device adafruit_drv2605 adafruit_lsm6ds adafruit_register".split())
OURS = {"gaitcore"}

ULAB_NUMPY = set(
    "all any bool sort sum acos acosh arange arctan2 argmax argmin argsort around array asarray asin asinh atan atanh "
    "bitwise_and bitwise_or bitwise_xor ceil clip compress concatenate convolve cos cosh cross degrees delete diag "
    "diff dot e empty equal exp expm1 eye fft flip float floor frombuffer full inf int16 int8 interp isfinite isinf "
    "left_shift linalg linspace load loadtxt log log10 log2 logspace max maximum mean median min minimum nan ndarray "
    "nonzero not_equal ones pi polyfit polyval radians right_shift roll save savetxt sin sinc sinh size sqrt std tan "
    "tanh trace trapz uint16 uint8 vectorize where zeros".split()
)
ULAB_SUB = {"fft": {"fft", "ifft"}, "linalg": set("cholesky det eig inv norm qr".split())}
MODULE_NAMES = {
    "math": set(
        "e pi acos asin atan atan2 ceil copysign cos degrees exp fabs floor fmod frexp isfinite isinf isnan ldexp log "
        "modf pow radians sin sqrt tan trunc".split()
    ),
    "struct": set("calcsize pack pack_into unpack unpack_from".split()),
    "micropython": {"const"},
    "collections": {"namedtuple", "OrderedDict", "deque"},
}
NO_METHODS = {
    "astype": "an ndarray method that ulab has not",
    "cumsum": "an ndarray method that ulab has not",
    "ravel": "an ndarray method that ulab has not",
    "squeeze": "an ndarray method that ulab has not",
    "argmax": "an ndarray method that ulab has not",
    "argmin": "an ndarray method that ulab has not",
    "ndim": "an ndarray property that ulab has not",
}
STR_METHODS = set(
    "zfill ljust rjust removeprefix removesuffix casefold title capitalize swapcase expandtabs translate "
    "format_map".split()
)
NO_NAMES = set(
    "ascii vars breakpoint aiter anext format complex slice FileNotFoundError PermissionError FileExistsError "
    "IsADirectoryError NotADirectoryError ModuleNotFoundError RecursionError ExceptionGroup BlockingIOError".split()
)


class _Lint(ast.NodeVisitor):
    def __init__(self, local_modules):
        self.modules = BUILT_IN | LIBRARIES | OURS | set(local_modules)
        self.found = []
        self.numpy_names = set()
        self.module_names = {}
        self.functions = []
        self.bound = set()

    def add(self, node, what):
        self.found.append((node.lineno, what))

    # -- modules -----------------------------------------------------------------------------------------------------
    def _module(self, node, name):
        if name.split(".")[0] not in self.modules:
            self.add(node, "module %s is not on the board" % name)

    def visit_Import(self, node):
        for alias in node.names:
            self._module(node, alias.name)
            if alias.name == "ulab.numpy":
                self.numpy_names.add(alias.asname or "ulab.numpy")
            if alias.name in MODULE_NAMES:
                self.module_names[alias.asname or alias.name] = alias.name

    def visit_ImportFrom(self, node):
        name = node.module or ""
        if not node.level:
            self._module(node, name)
        for alias in node.names:
            bound = alias.asname or alias.name
            if alias.name in ("np", "numpy") and name in ("gaitcore.compat", "ulab"):
                self.numpy_names.add(bound)
            elif name == "ulab.numpy" and alias.name not in ULAB_NUMPY:
                self.add(node, "ulab.numpy has no %s" % alias.name)
            elif name == "ulab" and alias.name not in ("numpy", "scipy", "utils"):
                self.add(node, "ulab has no %s" % alias.name)
            elif name in MODULE_NAMES and alias.name not in MODULE_NAMES[name]:
                self.add(node, "%s has no %s" % (name, alias.name))

    def visit_Attribute(self, node):
        owner = node.value
        if isinstance(owner, ast.Name):
            if owner.id in self.numpy_names and node.attr not in ULAB_NUMPY:
                self.add(node, "ulab.numpy has no %s" % node.attr)
            known = self.module_names.get(owner.id)
            if known and node.attr not in MODULE_NAMES[known]:
                self.add(node, "%s has no %s" % (known, node.attr))
            if owner.id in self.numpy_names or known:
                return
        elif isinstance(owner, ast.Attribute) and isinstance(owner.value, ast.Name):
            if owner.value.id in self.numpy_names and owner.attr in ULAB_SUB:
                if node.attr not in ULAB_SUB[owner.attr]:
                    self.add(node, "ulab.numpy.%s has no %s" % (owner.attr, node.attr))
                return
        if node.attr in NO_METHODS:
            self.add(node, ".%s is %s" % (node.attr, NO_METHODS[node.attr]))
        self.generic_visit(node)

    # -- names and calls ---------------------------------------------------------------------------------------------
    def visit_Name(self, node):
        if node.id in NO_NAMES and isinstance(node.ctx, ast.Load) and node.id not in self.bound:
            self.add(node, "%s is not built in on the board" % node.id)

    def visit_Call(self, node):
        f = node.func
        if isinstance(f, ast.Attribute):
            if f.attr in ("from_bytes", "to_bytes") and any(k.arg == "signed" for k in node.keywords):
                self.add(node, "int.%s(signed=) is not on the board" % f.attr)
            if f.attr in STR_METHODS:
                self.add(node, "str.%s is not on the board" % f.attr)
        if self.functions:
            name, in_class = self.functions[-1]
            own = (
                f.attr
                if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id == "self"
                else None
            )
            if (own if in_class else getattr(f, "id", None)) == name:
                self.add(node, "%s calls itself: the board's stack ends at depth 49" % name)
        self.generic_visit(node)

    # -- syntax ------------------------------------------------------------------------------------------------------
    def _function(self, node, in_class=False):
        if node.args.posonlyargs:
            self.add(node, "positional-only arguments are not on the board")
        arguments = node.args.args + node.args.kwonlyargs + [a for a in (node.args.vararg, node.args.kwarg) if a]
        if node.returns or any(a.annotation for a in arguments):
            self.add(node, "type annotations: types are said in words here")
        for decorator in node.decorator_list:
            name = ast.unparse(decorator)
            if name.startswith("micropython."):
                self.add(node, "@%s is not on the board" % name)
        self.functions.append((node.name, in_class))
        self.generic_visit(node)
        self.functions.pop()

    def visit_FunctionDef(self, node):
        self._function(node)

    def visit_AsyncFunctionDef(self, node):
        self.add(node, "async: a plain loop on the device, not asyncio")
        self._function(node)

    def visit_ClassDef(self, node):
        if node.keywords:
            self.add(node, "keywords of a class (metaclass=) are not on the board")
        for base in [*node.bases, *node.decorator_list]:
            self.visit(base)
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                self._function(item, in_class=True)
            else:
                self.visit(item)

    def visit_AnnAssign(self, node):
        self.add(node, "type annotations: types are said in words here")
        self.generic_visit(node)

    def visit_Match(self, node):
        self.add(node, "match is not on the board")

    def visit_TryStar(self, node):
        self.add(node, "except* is not on the board")

    def visit_ExceptHandler(self, node):
        if node.type is None:
            self.add(node, "bare except: it hides typos")
        self.generic_visit(node)

    def _display(self, node):
        if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            if any(isinstance(item, ast.Starred) for item in node.elts):
                self.add(node, "[*x] is not on the board")
        self.generic_visit(node)

    visit_List = visit_Tuple = visit_Set = _display

    def visit_Dict(self, node):
        if any(key is None for key in node.keys):
            self.add(node, "{**d} is not on the board")
        self.generic_visit(node)

    def visit_BinOp(self, node):
        if isinstance(node.op, ast.MatMult):
            self.add(node, "@ is not on the board")
        self.generic_visit(node)

    def visit_AugAssign(self, node):
        if isinstance(node.op, ast.MatMult):
            self.add(node, "@ is not on the board")
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, complex):
            self.add(node, "complex numbers are not on the board")

    def visit_FormattedValue(self, node):
        if node.format_spec and any(isinstance(v, ast.FormattedValue) for v in node.format_spec.values):
            self.add(node, "a nested f-string format is not on the board")
        self.visit(node.value)

    def visit_Global(self, node):
        self.add(node, "global: no mutable state in modules")


def problems(source, local_modules=()):
    """(line, what) of everything in the source that the board has not."""
    tree = ast.parse(source)
    lint = _Lint(local_modules)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            lint.bound.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            lint.bound.add(node.id)
    lint.visit(tree)
    return sorted(lint.found)
