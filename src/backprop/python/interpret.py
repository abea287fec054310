# ruff: noqa: N802
"""The statements and expressions of Python, walked over values of our own. Nothing of the user's is executed."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from backprop.errors import Problem, nearest
from backprop.python import indexing
from backprop.python.arrays import HELD, At, Tensor, dtype_of, is_array, number_of, operand, settled
from backprop.python.builtins import REFUSED, builtins, method_of_data, text_of
from backprop.python.calls import bind
from backprop.python.frames import Frame, Source, problem_at
from backprop.python.libraries import KNOWN, Libraries, attribute_of_array
from backprop.python.meter import MOST_CALLS, Meter, Refusal
from backprop.python.scope import Bound, Builtin, Class, Function, Library, Object, Scope, Super, Unknown, called
from backprop.python.spellings.composed import COMPOSED, tree_of
from backprop.python.spellings.torch import Extremum

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul, ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
    ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip
IN_PLACE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd, ast.Sub: operator.isub, ast.Mult: operator.imul, ast.Div: operator.itruediv,
    ast.Pow: operator.ipow, ast.FloorDiv: operator.ifloordiv, ast.Mod: operator.imod,
    ast.BitAnd: operator.iand, ast.BitOr: operator.ior, ast.BitXor: operator.ixor,
}  # fmt: skip
METHOD_NAMES: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow", ast.MatMult: "matmul",
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
HARMLESS = frozenset([
    "no_grad", "errstate", "enable_grad", "set_grad_enabled", "jit", "njit", "once_differentiable", "custom_fwd",
    "custom_bwd", "lru_cache", "override", "wraps", "abstractmethod", "amp", "autocast", "custom_vjp", "inference_mode",
    "dataclass", "typechecked", "jaxtyped", "checkpoint", "disable_jit", "named_scope", "script", "compile", "ignore",
    "primitive",
])  # fmt: skip  # as a context or a decorator: they change no value
KINDS_OF_METHODS = {
    "staticmethod": "static", "classmethod": "class", "property": "property", "cached_property": "property",
    "abstractproperty": "property",
}  # fmt: skip  # by their decorators
CHOOSING = frozenset(["int", "round", "max", "min", "sorted", "bool"])  # of Python's own: which hangs on values
OWN_METHODS = frozenset(["__init__", "__call__"])  # of those with two underscores, what may be named
ERRORS = (
    TypeError, ValueError, KeyError, IndexError, AttributeError, ZeroDivisionError, OverflowError, StopIteration,
    AssertionError, FloatingPointError, np.linalg.LinAlgError, NotImplementedError,
)  # fmt: skip
MISMATCH = re.compile(r"core dimension.*\(size (\d+) is different from (\d+)\)", re.DOTALL)
Observer = Callable[["Interpreter", ast.stmt, Scope], None]


JOINING = (("numpy", "c_"), ("numpy", "r_"), ("numpy", "s_"))


class Return(Exception):  # these three are no errors: they leave a body
    def __init__(self, value: Any) -> None:
        self.value = value


class Break(Exception):
    pass


class Continue(Exception):
    pass


def said(error: Exception) -> str:
    """What Python or NumPy says of a mistake; of a product in words of its own."""
    sizes = MISMATCH.search(str(error))
    if sizes is None:
        return f"{type(error).__name__}: {error}"[:300]
    return f"this product does not fit: the left one ends in a dimension of {sizes[2]}, which meets one of {sizes[1]}"


class Interpreter:
    """One run. `instead` has statements that are read instead of others, `observer` is told of every statement."""

    def __init__(
        self, meter: Meter, seed: int = 0, instead: dict[ast.stmt, list[ast.stmt]] | None = None,
        observer: Observer | None = None,
    ) -> None:  # fmt: skip
        self.meter = meter
        self.instead = instead or {}
        self.observer = observer
        self.before: Observer | None = None  # is told of every statement before it is done
        self.returned: Any = None  # what was returned last
        self.raised = ""  # the kind of Python's error that was met last; "" where it was none of Python's
        self.whole_quotients = False  # whether `/` of whole numbers is whole, as it was in Python 2
        self.yielded: list[list[Any]] = []  # by the generators that are gone through
        self.libraries = Libraries(meter, seed, self.by_text)
        self.composed: dict[str, Scope] = {}  # the functions of libraries that are said in Python
        self.outside: tuple[Source, ast.AST | None] | None = None  # where one of these was called that is gone through
        self.builtins = builtins(self)
        self.frames: list[Frame] = []
        self.source = Source("", None)
        self.imports: dict[tuple[str | None, str], str] = {}  # the file that a module of a file is
        self.files: dict[str, dict[str, Any]] = {}  # and the names that it has
        self.unread: dict[str, str] = {}  # or what is wrong with it
        self.scopes: dict[str, Scope] = {}  # of the last call of each function
        self.at: ast.AST | None = None  # the operation that is being done, for messages
        self.statements: dict[type[ast.AST], Callable[[Any, Scope], None]] = {
            getattr(ast, name[3:]): getattr(self, name) for name in dir(self) if name[:3] == "do_"
        }
        self.expressions: dict[type[ast.AST], Callable[[Any, Scope], Any]] = {
            getattr(ast, name[3:]): getattr(self, name) for name in dir(self) if name[:3] == "of_"
        }

    # ── statements ──

    def body(self, statements: Iterable[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            if self.before is not None and self.outside is None:
                self.before(self, statement, scope)
            try:
                for one in self.instead.get(statement, (statement,)):
                    self.statement(one, scope)
            finally:
                if self.observer is not None and self.outside is None:
                    self.observer(self, statement, scope)

    def statement(self, tree: ast.stmt, scope: Scope) -> None:
        """One statement; whatever goes wrong in it is a Problem with its place."""
        self.at = tree
        try:
            self.meter.step()
            do = self.statements.get(type(tree))
            if do is None:
                raise Refusal(f"{type(tree).__name__.lower()} is not read", "syntax")
            do(tree, scope)
        except Refusal as refusal:
            self.raised = refusal.raised
            raise self.problem(refusal.kind, refusal.message, refusal.hint) from None
        except ERRORS as error:
            self.raised = type(error).__name__
            kind = "shape" if isinstance(error, ValueError) else "value"
            raise self.problem(kind, said(error)) from None
        except RecursionError:
            raise self.problem("size", "this is nested too deeply") from None

    def place(self) -> tuple[Source, ast.AST | None]:
        """What is being done, in a text of the user's."""
        return self.outside or (self.source, self.at)

    def problem(self, kind: str, message: str, hint: str = "") -> Problem:
        return problem_at(*self.place(), kind, message, hint, self.frames)

    def do_Expr(self, tree: ast.Expr, scope: Scope) -> None:
        self.evaluate(tree.value, scope)

    def do_Pass(self, tree: ast.Pass, scope: Scope) -> None:
        pass

    def do_Assign(self, tree: ast.Assign, scope: Scope) -> None:
        value = self.evaluate(tree.value, scope)
        for target in tree.targets:
            self.store(target, value, scope)

    def do_AnnAssign(self, tree: ast.AnnAssign, scope: Scope) -> None:
        if tree.value is not None:
            self.store(tree.target, self.evaluate(tree.value, scope), scope)

    def do_AugAssign(self, tree: ast.AugAssign, scope: Scope) -> None:
        """`a += b`: an array is written to in place, anything else gets a new value."""
        target = tree.target
        if isinstance(target, ast.Name):
            value = self.updated(tree, self.lookup(target.id, scope, target), scope)
            scope.home(target.id).names[target.id] = value
            if self.libraries.tape is not None:
                self.libraries.tape.called_so(target.id, value)
        elif isinstance(target, ast.Subscript):
            base, key = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
            self.put_item(base, key, self.updated(tree, self.get_item(base, key), scope))
        else:
            base = self.evaluate(target.value, scope)
            self.put_attribute(base, target.attr, self.updated(tree, self.attribute(base, target.attr), scope))

    def updated(self, tree: ast.AugAssign, old: Any, scope: Scope) -> Any:
        value = self.evaluate(tree.value, scope)
        self.at = tree
        if isinstance(old, np.ndarray):
            other = operand(value)
            self.meter.room(np.size(old))
            function = IN_PLACE.get(type(tree.op))
            if function is None:
                raise Refusal("this operator is not read in place")
            memory, tape = old.view(np.ndarray), self.libraries.tape
            then = (np.array(memory), tape.ids(old), tape.ids(value)) if tape is not None else None
            new = function(memory, other.view(np.ndarray) if isinstance(other, Tensor) else other)
            if tape is not None and then is not None:
                tape.binary(type(tree.op), then[0], other, then[1], then[2], old)
            return old if new is memory else new
        if isinstance(old, list) and isinstance(tree.op, ast.Add):
            more = self.listed(value)
            self.meter.length(len(old) + len(more))
            old.extend(more)
            return old
        return self.binary(type(tree.op), old, value)

    def do_For(self, tree: ast.For, scope: Scope) -> None:
        items = self.items(self.evaluate(tree.iter, scope))
        with self.framed(Frame("", tree.lineno)) as frame:
            for frame.round, one in enumerate(items):
                self.meter.step()
                self.store(tree.target, one, scope)
                try:
                    self.body(tree.body, scope)
                except Continue:
                    continue
                except Break:
                    return
        self.body(tree.orelse, scope)

    def do_While(self, tree: ast.While, scope: Scope) -> None:
        with self.framed(Frame("", tree.lineno)) as frame:
            while self.truth(self.evaluate(tree.test, scope)):
                self.meter.step()
                try:
                    self.body(tree.body, scope)
                except Continue:
                    pass
                except Break:
                    return
                frame.round += 1
        self.body(tree.orelse, scope)

    @contextmanager
    def framed(self, frame: Frame) -> Iterator[Frame]:
        if self.outside is not None:
            yield frame
            return
        self.frames.append(frame)
        try:
            yield frame
        finally:
            self.frames.pop()

    def do_If(self, tree: ast.If, scope: Scope) -> None:
        self.body(tree.body if self.truth(self.evaluate(tree.test, scope)) else tree.orelse, scope)

    def do_Return(self, tree: ast.Return, scope: Scope) -> None:
        self.returned = None if tree.value is None else self.evaluate(tree.value, scope)
        raise Return(self.returned)

    def do_Break(self, tree: ast.Break, scope: Scope) -> None:
        raise Break

    def do_Continue(self, tree: ast.Continue, scope: Scope) -> None:
        raise Continue

    def do_Assert(self, tree: ast.Assert, scope: Scope) -> None:
        if not self.truth(self.evaluate(tree.test, scope)):
            self.at = tree
            raise Refusal("this assertion does not hold", "value", raised="AssertionError")

    def do_Raise(self, tree: ast.Raise, scope: Scope) -> None:
        head = tree.exc.func if isinstance(tree.exc, ast.Call) else tree.exc
        raise Refusal("this raises an error here", "value", raised=getattr(head, "id", "") or self.raised)

    def do_Delete(self, tree: ast.Delete, scope: Scope) -> None:
        for target in tree.targets:
            if not isinstance(target, ast.Name):
                raise Refusal("only a name can be deleted here")
            scope.home(target.id).names.pop(target.id, None)

    def do_Global(self, tree: ast.Global, scope: Scope) -> None:
        scope.outside.update(tree.names)

    def do_Nonlocal(self, tree: ast.Nonlocal, scope: Scope) -> None:
        scope.outside.update(tree.names)

    def do_Try(self, tree: ast.Try, scope: Scope) -> None:
        """What fails as Python would have it fail is caught; what is not read here is not."""
        try:
            self.raised = ""
            self.body(tree.body, scope)
        except Problem:
            handler = next((one for one in tree.handlers if self.caught(one.type)), None)
            if handler is None:
                raise
            if handler.name is not None:
                scope.home(handler.name).names[handler.name] = self.raised
            self.body(handler.body, scope)
        else:
            self.body(tree.orelse, scope)
        finally:
            self.body(tree.finalbody, scope)

    def caught(self, tree: ast.expr | None) -> bool:
        """Whether the error that was raised last is one of some kinds."""
        kinds = tree.elts if isinstance(tree, ast.Tuple) else [] if tree is None else [tree]
        names = {one.id for one in kinds if isinstance(one, ast.Name)}
        looser = {"ZeroDivisionError": "ArithmeticError", "KeyError": "LookupError", "IndexError": "LookupError"}
        return bool(self.raised) and (tree is None or bool(names & {self.raised, "Exception", "BaseException",
                                                                    looser.get(self.raised, "")}))  # fmt: skip

    def do_With(self, tree: ast.With, scope: Scope) -> None:
        for item in tree.items:
            self.harmless(item.context_expr, "with")
        self.body(tree.body, scope)

    def harmless(self, tree: ast.expr, what: str) -> None:
        """A context or a decorator that changes no value."""
        head = tree.func if isinstance(tree, ast.Call) else tree
        name = head.attr if isinstance(head, ast.Attribute) else head.id if isinstance(head, ast.Name) else ""
        if name == "partial" and isinstance(tree, ast.Call) and tree.args:
            self.harmless(tree.args[0], what)
        elif name not in HARMLESS:
            self.at = tree
            raise Refusal(f"{what} {name or 'this'} is not read", "syntax")

    def do_Import(self, tree: ast.Import, scope: Scope) -> None:
        for alias in tree.names:
            path = tuple((alias.name if alias.asname else alias.name.partition(".")[0]).split("."))
            scope.names[alias.asname or path[0]] = self.imported(path)

    def do_ImportFrom(self, tree: ast.ImportFrom, scope: Scope) -> None:
        module = tree.module or ""
        own = self.files.get(self.imports.get((self.source.name, module), ""), {})
        for alias in tree.names:
            if alias.name == "*":
                scope.names.update(own)
            elif alias.name in own:
                scope.names[alias.asname or alias.name] = own[alias.name]
            elif module != "builtins" or alias.name not in self.builtins:
                found = self.imported(tuple(f"{module}.{alias.name}".lstrip(".").split(".")))
                if isinstance(found, Unknown):  # it may be defined in a file that was given
                    found = scope.top().names.get(alias.name, found)
                scope.names[alias.asname or alias.name] = found

    def imported(self, path: tuple[str, ...]) -> Any:
        """What an import names. Nothing is imported: a library that is not known is a problem where it is used."""
        files = [self.imports.get((self.source.name, ".".join(one)), "") for one in (path, path[:-1])]
        if files[0] in self.files:  # a module is an object that has the names of its file
            module = Object(Class(path[-1], (), {}))
            module.names = self.files[files[0]]
            return module
        for file in files:
            if file in self.unread:
                return Unknown(f"{file} could not be read, {self.unread[file]}")
        if path[:2] == ("jax", "numpy"):
            path = ("numpy", *path[2:])
        if path[:2] == ("jax", "scipy"):
            path = path[1:]
        if path[0] not in KNOWN:
            return Unknown(f"{'.'.join(path)} is imported from elsewhere, and nothing is known of it here", path)
        if path[0] == "autograd":
            path = path[1:] if path[1:2] == ("numpy",) else path
        return self.member(Library(path[:-1]), path[-1]) if len(path) > 1 else Library(path)

    def member(self, library: Library, name: str) -> Any:
        return self.libraries.member(library, name)

    def do_FunctionDef(self, tree: ast.FunctionDef, scope: Scope) -> None:
        function: Any = self.function(tree, scope, tree.name)
        for decorator in reversed(tree.decorator_list):
            name = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
            if name in KINDS_OF_METHODS and isinstance(function, Function):
                function.kind = KINDS_OF_METHODS[name]
            elif name == "setter" and isinstance(decorator, ast.Attribute):
                function = self.with_setter(self.evaluate(decorator.value, scope), function)
            else:
                function = self.decorated(decorator, function, scope)
        scope.home(tree.name).names[tree.name] = function

    def with_setter(self, prop: Any, setter: Any) -> Any:
        """`@size.setter`: the property itself, which may now be set."""
        if not isinstance(prop, Function) or prop.kind != "property":
            raise Refusal(f"{called(prop)} is no property", "syntax")
        prop.setter = setter
        return prop

    def decorated(self, tree: ast.expr, function: Any, scope: Scope) -> Any:
        """What a decorator makes of a function: one that changes no value nothing, one of the user's what it gives."""
        try:
            self.harmless(tree, "the decorator")
        except Refusal:
            with suppress(Refusal):
                made = self.evaluate(tree, scope)
                if isinstance(made, Library) and made.path[-1] in HARMLESS:
                    return function
                if isinstance(made, Function):
                    return self.call(made, (function,), {})
            self.at = tree
            raise
        return function

    def function(self, tree: ast.FunctionDef | ast.Lambda, scope: Scope, name: str) -> Function:
        function = Function(tree, scope, self.source, name)
        function.defaults = [self.evaluate(one, scope) for one in tree.args.defaults]
        function.keyword_defaults = [
            None if one is None else self.evaluate(one, scope) for one in tree.args.kw_defaults
        ]
        return function

    def do_ClassDef(self, tree: ast.ClassDef, scope: Scope) -> None:
        """A class; one of the same name that was read before gets the methods that it has not."""
        inner = Scope(scope)
        self.body(tree.body, inner)
        bases = [self.base(one, scope) for one in tree.bases]
        before = scope.names.get(tree.name)
        if isinstance(before, Class) and before.source is self.source:
            before = None  # it is defined anew
        names = {**(before.names if isinstance(before, Class) else {}), **inner.names}
        older = before.bases if isinstance(before, Class) else ()
        made = Class(tree.name, tuple(one for one in bases if isinstance(one, Class)) or older, names)
        made.source = self.source
        annotated = [one.target for one in tree.body if isinstance(one, ast.AnnAssign)]
        made.fields += [one.id for one in annotated if isinstance(one, ast.Name) and one.id not in made.fields]
        made.is_tuple = made.is_tuple or any(ast.unparse(one).endswith("NamedTuple") for one in tree.bases)
        for one in names.values():
            for own in (one, one.setter) if isinstance(one, Function) else ():
                if own is not None:
                    own.owner = made
                    own.scope = scope if own.scope is inner else own.scope
        scope.names[tree.name] = made

    def base(self, tree: ast.expr, scope: Scope) -> Any:
        """What a class is made from; None where nothing is known of it, as of `ABC`."""
        try:
            return self.evaluate(tree, scope)
        except Refusal:
            return None

    # ── names ──

    def lookup(self, name: str, scope: Scope, tree: ast.AST | None) -> Any:
        here: Scope | None = scope
        while here is not None:
            if name in here.names:
                found = here.names[name]
                if isinstance(found, Unknown):
                    self.at = tree
                    raise Refusal(f"{name} is not known: {found.why}", "name", found.hint)
                return found
            if name in here.local:
                self.at = tree
                raise Refusal(f"{name} is read before it has a value", "name")
            here = here.parent
        if name in self.builtins:
            return self.builtins[name]
        if name == "__debug__":
            return True
        self.at = tree
        if name in REFUSED:
            raise Refusal(f"{name} is not read here: this program computes, and runs nothing of yours")
        near = nearest(name, self.visible(scope))
        hint = f"did you mean {near}?" if near else "; ".join(self.source.remarks())
        raise Refusal(f"{name} is not defined", "name", hint)

    def visible(self, scope: Scope) -> list[str]:
        names: list[str] = []
        here: Scope | None = scope
        while here is not None:
            names += here.names
            here = here.parent
        return names

    def store(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Give a value to a name, to what an index or an attribute names, or to several of them."""
        if isinstance(target, ast.Name):
            scope.home(target.id).names[target.id] = value
            if self.libraries.tape is not None:
                self.libraries.tape.called_so(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target, self.listed(value), scope)
        elif isinstance(target, ast.Subscript):
            base, key = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
            self.at = target
            self.put_item(base, key, value)
        elif isinstance(target, ast.Attribute):
            base = self.evaluate(target.value, scope)
            self.at = target
            self.put_attribute(base, target.attr, value)
        else:
            self.at = target
            raise Refusal("this cannot be given a value", "syntax")

    def unpack(self, target: ast.Tuple | ast.List, values: list[Any], scope: Scope) -> None:
        names = target.elts
        star = next((i for i, one in enumerate(names) if isinstance(one, ast.Starred)), None)
        if star is not None:
            behind = len(names) - star - 1
            if len(values) >= len(names) - 1:
                values = [*values[:star], values[star : len(values) - behind], *values[len(values) - behind :]]
        if len(values) != len(names):
            self.at = target
            raise Refusal(f"{len(values)} values for {len(names)} names", "value")
        for one, value in zip(names, values, strict=True):
            self.store(one.value if isinstance(one, ast.Starred) else one, value, scope)

    # ── expressions ──

    def evaluate(self, tree: ast.expr, scope: Scope) -> Any:
        self.meter.step()
        of = self.expressions.get(type(tree))
        if of is None:
            self.at = tree
            raise Refusal(f"{type(tree).__name__.lower()} is not read", "syntax")
        return of(tree, scope)

    def of_Constant(self, tree: ast.Constant, scope: Scope) -> Any:
        if isinstance(tree.value, complex | bytes):
            self.at = tree
            raise Refusal(f"{type(tree.value).__name__} is not read", "value")
        return tree.value

    def of_Name(self, tree: ast.Name, scope: Scope) -> Any:
        return self.lookup(tree.id, scope, tree)

    def of_Tuple(self, tree: ast.Tuple, scope: Scope) -> Any:
        return tuple(self.elements(tree.elts, scope))

    def of_List(self, tree: ast.List, scope: Scope) -> Any:
        return self.elements(tree.elts, scope)

    def of_Set(self, tree: ast.Set, scope: Scope) -> Any:
        return set(self.elements(tree.elts, scope))

    def elements(self, trees: list[ast.expr], scope: Scope) -> list[Any]:
        found: list[Any] = []
        for one in trees:
            if isinstance(one, ast.Starred):
                found.extend(self.listed(self.evaluate(one.value, scope)))
            else:
                found.append(self.evaluate(one, scope))
        return found

    def of_Dict(self, tree: ast.Dict, scope: Scope) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(tree.keys, tree.values, strict=True):
            if key is None:
                more = self.evaluate(value, scope)
                self.meter.length(len(more))
                found.update(more)
            else:
                found[indexing.key_of(self.evaluate(key, scope))] = self.evaluate(value, scope)
        return found

    def of_BinOp(self, tree: ast.BinOp, scope: Scope) -> Any:
        left, right = self.evaluate(tree.left, scope), self.evaluate(tree.right, scope)
        self.at = tree
        return self.binary(type(tree.op), left, right)

    def binary(self, kind: type[ast.operator], a: Any, b: Any) -> Any:
        function = BINARY[kind]
        if is_array(a) or is_array(b):
            if isinstance(a, Object) or isinstance(b, Object):
                return self.by_method(kind, a, b)
            x, y = operand(a), operand(b)
            self.room_for(kind, x, y)
            return self.taped(kind, a, b, settled(function(x, y), x, y))
        if isinstance(a, bool | int | float) and isinstance(b, bool | int | float):
            if isinstance(a, int) and isinstance(b, int):
                self.bits_for(kind, a, b)
                function = operator.floordiv if self.whole_quotients and kind is ast.Div else function
            return self.taped(kind, a, b, function(a, b))
        if isinstance(a, Object) or isinstance(b, Object):
            return self.by_method(kind, a, b)
        return self.sequences(kind, a, b)

    def taped(self, kind: type[ast.operator], a: Any, b: Any, out: Any) -> Any:
        """A result, of which a tape is told."""
        tape = self.libraries.tape
        if tape is not None:
            tape.binary(kind, a, b, tape.ids(a), tape.ids(b), out)
        return out

    def room_for(self, kind: type[ast.operator], a: Any, b: Any) -> None:
        """Make sure of the room for the result of an operation on arrays."""
        if kind is ast.MatMult:
            shapes = np.shape(a), np.shape(b)
            if shapes[0] and shapes[1]:
                self.meter.room(float(np.size(a)) * float(np.size(b)) / max(1, shapes[0][-1]) ** 2)
            return
        size_a, size_b = np.size(a), np.size(b)
        smaller = size_a == 1 or size_b == 1 or np.shape(a) == np.shape(b)
        if smaller:
            self.meter.room(max(size_a, size_b))
        else:
            self.meter.room(float(np.prod(np.broadcast_shapes(np.shape(a), np.shape(b)), dtype=float)))

    def bits_for(self, kind: type[ast.operator], a: int, b: int) -> None:
        """Make sure that a whole number does not grow too large."""
        if kind is ast.Pow and b > 0:
            self.meter.bits(float(a.bit_length()) * b)
        elif kind is ast.Mult:
            self.meter.bits(a.bit_length() + b.bit_length())
        elif kind is ast.LShift:
            self.meter.bits(a.bit_length() + float(b))

    def sequences(self, kind: type[ast.operator], a: Any, b: Any) -> Any:
        """Lists, tuples and texts: joined, or repeated."""
        kinds = (list, tuple, str)
        if kind is ast.Mod and isinstance(a, str):
            return self.formatted(a, b)
        if kind is ast.Add and type(a) is type(b) and isinstance(a, kinds):
            self.meter.length(len(a) + len(b))
            return a + b
        if kind is ast.Mult and isinstance(a, kinds) and isinstance(b, int):
            self.meter.length(len(a) * float(max(0, b)))
            return a * b
        if kind is ast.Mult and isinstance(b, kinds) and isinstance(a, int):
            return self.sequences(kind, b, a)
        if isinstance(a, set) and isinstance(b, set) and kind in (ast.BitAnd, ast.BitOr, ast.Sub):
            return BINARY[kind](a, b)
        if isinstance(a, Tensor | tuple | list) and isinstance(b, Tensor | tuple | list):
            return self.binary(kind, operand(a), operand(b))
        raise Refusal(f"{called(a)} and {called(b)} cannot be computed with", "value")

    def formatted(self, text: str, values: Any) -> str:
        """`"W%d" % i`: of numbers and texts, without a width."""
        given = [plain_item(one) for one in (values if isinstance(values, tuple) else (values,))]
        if re.search(r"%[-+ #0-9.]*(\d{3,}|\*)", text):
            raise Refusal("this width is not read", "value")
        self.meter.length(len(text) + sum(len(str(one)) for one in given))
        return text % tuple(given)

    def by_method(self, kind: type[ast.operator], a: Any, b: Any) -> Any:
        """`a + b` of objects of the user's."""
        name = METHOD_NAMES.get(kind, "")
        for me, other, prefix in ((a, b, "__"), (b, a, "__r")):
            method = me.cls.find(f"{prefix}{name}__") if isinstance(me, Object) else None
            if method is not None:
                return self.call(Bound(method, me), (other,), {})
        raise Refusal(f"{called(a)} and {called(b)} cannot be computed with", "value")

    def add(self, a: Any, b: Any) -> Any:
        return self.binary(ast.Add, a, b)

    def power(self, a: Any, b: Any) -> Any:
        return self.binary(ast.Pow, a, b)

    def of_UnaryOp(self, tree: ast.UnaryOp, scope: Scope) -> Any:
        value = self.evaluate(tree.operand, scope)
        self.at = tree
        if isinstance(tree.op, ast.Not):
            return not self.truth(value)
        if isinstance(value, Object) and isinstance(tree.op, ast.USub):
            return self.call(self.attribute(value, "__neg__", own=True), (), {})
        if not is_array(value) and not isinstance(value, bool | int | float):
            raise Refusal(f"{called(value)} cannot be computed with", "value")
        if isinstance(tree.op, ast.USub):
            out, tape = settled(-value, value), self.libraries.tape
            if tape is not None:
                tape.hangs(out, [(tape.ids(value), -1.0)])
            return out
        out = settled(~value if isinstance(tree.op, ast.Invert) else +value, value)
        if self.libraries.tape is not None:
            name = "logical_not" if isinstance(tree.op, ast.Invert) else "copy"
            self.libraries.tape.called(name, np.logical_not, (value,), {}, out)
        return out

    def of_BoolOp(self, tree: ast.BoolOp, scope: Scope) -> Any:
        value = None
        for one in tree.values:
            value = self.evaluate(one, scope)
            self.at = one
            if self.truth(value) != isinstance(tree.op, ast.And):
                return value
        return value

    def of_Compare(self, tree: ast.Compare, scope: Scope) -> Any:
        left, found = self.evaluate(tree.left, scope), True
        for kind, one in zip(tree.ops, tree.comparators, strict=True):
            right = self.evaluate(one, scope)
            self.at = tree
            found = self.compared(kind, left, right)
            if len(tree.ops) > 1 and not self.truth(found):
                return found
            left = right
        return found

    def compared(self, kind: ast.cmpop, a: Any, b: Any) -> Any:
        if isinstance(kind, ast.Is | ast.IsNot):
            return (a is b) == isinstance(kind, ast.Is)
        if isinstance(kind, ast.In | ast.NotIn):
            return self.contains(b, a) == isinstance(kind, ast.In)
        equality = isinstance(kind, ast.Eq | ast.NotEq)
        if isinstance(a, np.dtype) or isinstance(b, np.dtype):
            return (dtype_of(a) == dtype_of(b)) == isinstance(kind, ast.Eq)
        if is_array(a) or is_array(b):
            if equality and (a is None or b is None or isinstance(a, str) or isinstance(b, str)):
                return isinstance(kind, ast.NotEq)
            a, b = operand(a), operand(b)
            self.room_for(ast.Add, a, b)
            return self.noted(kind, a, b, settled(COMPARISONS[type(kind)](a, b), a, b))
        if equality or isinstance(a, bool | int | float | str | tuple | list):
            return self.noted(kind, a, b, COMPARISONS[type(kind)](a, b))
        raise Refusal(f"{called(a)} and {called(b)} cannot be compared", "value")

    def noted(self, kind: ast.cmpop, a: Any, b: Any, out: Any) -> Any:
        """A comparison, of which a tape is told."""
        if self.libraries.tape is not None:
            self.libraries.tape.compared(type(kind), a, b, out)
        return out

    def contains(self, items: Any, value: Any) -> bool:
        if isinstance(items, dict | set | str | range):
            return indexing.key_of(value) in items
        return any(self.truth(self.compared(ast.Eq(), value, one)) for one in self.listed(items))

    def of_IfExp(self, tree: ast.IfExp, scope: Scope) -> Any:
        return self.evaluate(tree.body if self.truth(self.evaluate(tree.test, scope)) else tree.orelse, scope)

    def of_Lambda(self, tree: ast.Lambda, scope: Scope) -> Any:
        return self.function(tree, scope, "lambda")

    def of_JoinedStr(self, tree: ast.JoinedStr, scope: Scope) -> Any:
        parts = []
        for one in tree.values:
            if isinstance(one, ast.FormattedValue):
                parts.append(text_of(self, self.evaluate(one.value, scope)))
            else:
                parts.append(str(self.evaluate(one, scope)))
        self.meter.length(sum(map(len, parts)))
        return "".join(parts)

    def of_ListComp(self, tree: ast.ListComp, scope: Scope) -> Any:
        return self.comprehended(tree.generators, scope, lambda inner: self.evaluate(tree.elt, inner))

    def of_GeneratorExp(self, tree: ast.GeneratorExp, scope: Scope) -> Any:
        return iter(self.comprehended(tree.generators, scope, lambda inner: self.evaluate(tree.elt, inner)))

    def of_SetComp(self, tree: ast.SetComp, scope: Scope) -> Any:
        return set(self.comprehended(tree.generators, scope, lambda inner: self.evaluate(tree.elt, inner)))

    def of_DictComp(self, tree: ast.DictComp, scope: Scope) -> Any:
        def item(inner: Scope) -> Any:
            return indexing.key_of(self.evaluate(tree.key, inner)), self.evaluate(tree.value, inner)

        return dict(self.comprehended(tree.generators, scope, item))

    def comprehended(self, loops: list[ast.comprehension], scope: Scope, item: Callable[[Scope], Any]) -> list[Any]:
        inner, found = Scope(scope), []

        def go(rest: list[ast.comprehension]) -> None:
            if not rest:
                found.append(item(inner))
                return
            loop = rest[0]
            for one in self.items(self.evaluate(loop.iter, inner)):
                self.meter.step()
                self.store(loop.target, one, inner)
                if all(self.truth(self.evaluate(test, inner)) for test in loop.ifs):
                    go(rest[1:])

        go(loops)
        return found

    def of_NamedExpr(self, tree: ast.NamedExpr, scope: Scope) -> Any:
        value = self.evaluate(tree.value, scope)
        self.store(tree.target, value, scope)
        return value

    def of_Yield(self, tree: ast.Yield, scope: Scope) -> Any:
        self.yields([None if tree.value is None else self.evaluate(tree.value, scope)])

    def of_YieldFrom(self, tree: ast.YieldFrom, scope: Scope) -> Any:
        self.yields(self.listed(self.evaluate(tree.value, scope)))

    def yields(self, values: list[Any]) -> None:
        if not self.yielded:
            raise Refusal("a yield stands in no function", "syntax")
        self.meter.length(len(self.yielded[-1]) + len(values))
        self.yielded[-1].extend(values)

    def of_Slice(self, tree: ast.Slice, scope: Scope) -> Any:
        bounds = [None if one is None else self.evaluate(one, scope) for one in (tree.lower, tree.upper, tree.step)]
        self.at = tree
        return slice(*[None if one is None else number_of(one) for one in bounds])

    def of_Subscript(self, tree: ast.Subscript, scope: Scope) -> Any:
        base, key = self.evaluate(tree.value, scope), self.evaluate(tree.slice, scope)
        self.at = tree
        return self.get_item(base, key)

    def get_item(self, base: Any, key: Any) -> Any:
        if isinstance(base, Object) and base.cls.is_tuple:
            base = tuple(self.items(base))
        if isinstance(base, Object):
            return self.call(self.attribute(base, "__getitem__", own=True), (key,), {})
        if isinstance(base, Library) and base.path in JOINING:
            return self.libraries.joined(base.path[-1], key)
        if isinstance(base, At):
            return At(base.array, indexing.index_of(key))
        found, tape = indexing.get(self.meter, base, key), self.libraries.tape
        if tape is not None and isinstance(base, np.ndarray) and is_array(found):
            tape.put(found, tape.ids(base)[indexing.index_of(key)])
            tape.decided(key if isinstance(key, tuple) else (key,), found)
        return found

    def put_item(self, base: Any, key: Any, value: Any) -> None:
        if isinstance(base, Object):
            self.call(self.attribute(base, "__setitem__", own=True), (key, value), {})
        else:
            indexing.put(base, key, value)
            if self.libraries.tape is not None and isinstance(base, np.ndarray):
                self.libraries.tape.put_at(base, indexing.index_of(key), value)

    # ── attributes ──

    def of_Attribute(self, tree: ast.Attribute, scope: Scope) -> Any:
        base = self.evaluate(tree.value, scope)
        self.at = tree
        return self.attribute(base, tree.attr)

    def attribute(self, value: Any, name: str, own: bool = False) -> Any:
        """`value.name`. Names with two underscores on both sides reach into Python itself, and are refused."""
        if name == "__class__" and isinstance(value, Object):
            return value.cls
        if name in ("__name__", "__qualname__", "__module__") and isinstance(value, Class | Function | Builtin):
            return value.name if name != "__module__" else ""
        own = own or (isinstance(value, Object) and isinstance(value.cls.find(name), Function))
        if name.startswith("__") and name.endswith("__") and name not in OWN_METHODS and not own:
            raise Refusal(f".{name} is not read: it reaches into Python itself")
        if isinstance(value, Object):
            return self.object_member(value, name)
        if isinstance(value, Class):
            return self.class_member(value, name)
        if isinstance(value, Library):
            return self.member(value, name)
        if isinstance(value, Super):
            found = next((f for base in value.cls.bases if (f := base.find(name)) is not None), None)
            return Builtin(name, lambda *_, **__: None) if found is None else Bound(found, value.me)
        if isinstance(value, At):
            return Bound(name, value)
        if isinstance(value, Function) and name in value.names:
            return value.names[name]
        if isinstance(value, Function) and value.kind == "property" and name in ("fget", "fset"):
            return value.setter if name == "fset" else value
        if isinstance(value, Extremum) and name in ("values", "indices"):
            return getattr(value, name)
        if isinstance(value, np.dtype) and name in ("kind", "name", "itemsize", "type"):
            return value if name == "type" else getattr(value, name)
        if isinstance(value, float) and name == "is_integer":  # one of NumPy's, too
            return Builtin(name, value.is_integer)
        if isinstance(value, Tensor) and name in HELD and (name in vars(value) or name == "grad"):
            return vars(value).get(name)
        if is_array(value):
            found = attribute_of_array(value, name)
            return Bound(name, value) if found is None else found
        if isinstance(value, str | list | dict | set | tuple):
            return Bound(name, value)
        raise Refusal(f"{called(value)} has no .{name}", "name")

    def object_member(self, value: Object, name: str) -> Any:
        if name in value.names:
            return value.names[name]
        found = value.cls.find(name)
        if found is None and not value.cls.holds(name):
            near = nearest(name, [*value.names, *value.cls.names])
            hint = f"did you mean .{near}?" if near else ""
            raise Refusal(f"{called(value)} has no .{name}", "name", hint)
        if not isinstance(found, Function):
            return found
        if found.kind == "property":
            return self.call(Bound(found, value), (), {})
        return found if found.kind == "static" else Bound(found, value.cls if found.kind == "class" else value)

    def class_member(self, value: Class, name: str) -> Any:
        found = value.find(name)
        if found is None and name == "apply":
            forward = self.class_member(value, "forward")
            return Builtin("apply", lambda *given: self.call(forward, (context(len(given)), *given), {}))
        if found is None and not value.holds(name):
            raise Refusal(f"{value.name} has no {name}", "name")
        return Bound(found, value) if isinstance(found, Function) and found.kind == "class" else found

    def put_attribute(self, base: Any, name: str, value: Any) -> None:
        if name.startswith("__") and name.endswith("__"):
            raise Refusal(f".{name} is not read: it reaches into Python itself")
        prop = base.cls.find(name) if isinstance(base, Object) else None
        if isinstance(prop, Function) and prop.kind == "property":
            if prop.setter is None:
                raise Refusal(f"the property {name} of {called(base)} cannot be set", "value", raised="AttributeError")
            self.call(Bound(prop.setter, base), (value,), {})
        elif isinstance(base, Object | Class | Function):
            base.names[name] = value
        elif isinstance(base, Tensor) and name in HELD:
            vars(base)[name] = value
        elif isinstance(base, Tensor) and name == "requires_grad":
            pass
        elif isinstance(base, np.ndarray) and name == "shape":
            base.shape = tuple(map(number_of, self.listed(value))) if not isinstance(value, int) else (value,)
        else:
            raise Refusal(f".{name} of {called(base)} cannot be set here", "name")

    # ── calls ──

    def of_Call(self, tree: ast.Call, scope: Scope) -> Any:
        if isinstance(tree.func, ast.Name) and tree.func.id == "super":
            return self.super_of(scope)
        function = self.evaluate(tree.func, scope)
        arguments = tuple(self.elements(tree.args, scope))
        keywords: dict[str, Any] = {}
        for one in tree.keywords:
            value = self.evaluate(one.value, scope)
            if one.arg is None:
                keywords.update({str(key): item for key, item in value.items()})
            else:
                keywords[one.arg] = value
        self.at = tree
        return self.call(function, arguments, keywords)

    def by_text(self, library: str, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function of a library that is said in Python."""
        if library not in self.composed:
            scope, source, at = Scope(), self.source, self.at
            scope.names.update(np=Library(("numpy",)), torch=Library(("torch",)))
            self.source = Source(COMPOSED[library], library)
            self.source.of_library = True
            for statement in tree_of(library).body:
                self.statement(statement, scope)
            self.source, self.at, self.composed[library] = source, at, scope
        return self.call(self.composed[library].names[name], arguments, keywords)

    def super_of(self, scope: Scope) -> Super:
        """What `super()` means in a method."""
        here: Scope | None = scope
        while here is not None:
            owner = here.names.get("__class__")
            if isinstance(owner, Class):
                return Super(owner, next(iter(here.names.values())))
            here = here.parent
        raise Refusal("super() stands in no method", "name")

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call whatever can be called."""
        if isinstance(function, Function):
            return self.called(function, arguments, keywords)
        if isinstance(function, Bound):
            if not isinstance(function.function, str):
                return self.call(function.function, (function.me, *arguments), keywords)
            if isinstance(function.me, At):
                return self.libraries.changed(function.me, function.function, arguments)
            if is_array(function.me):
                return self.libraries.method(function.me, function.function, arguments, keywords)
            return method_of_data(self, function.me, function.function, arguments, keywords)
        if isinstance(function, Library):
            return self.libraries.call(function.path, arguments, keywords)
        if isinstance(function, Builtin) and function.function is not None:
            out = function.function(*arguments, **keywords)
            if self.libraries.tape is not None and function.name in ("float", "abs") and arguments:
                self.libraries.tape.called(function.name, abs, arguments, {}, out)
            elif self.libraries.tape is not None and function.name in CHOOSING:
                self.libraries.tape.decided(arguments, out)
            return out
        if isinstance(function, Class):
            made = Object(function)
            start = function.find("__init__")
            if start is not None:
                self.call(Bound(start, made), arguments, keywords)
            elif function.fields:
                made.names.update({**dict(zip(function.fields, arguments, strict=False)), **keywords})
            return made
        if isinstance(function, Object):
            method = function.cls.find("__call__") or function.cls.find("forward")
            if method is not None:
                return self.call(Bound(method, function), arguments, keywords)
        raise Refusal(f"{called(function)} cannot be called", "value")

    def called(self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Go through the body of a function of the user's."""
        if self.meter.calls >= MOST_CALLS:
            raise Refusal(f"more than {MOST_CALLS} calls inside each other", "size")
        scope = Scope(function.scope, function.local)
        scope.names.update(bind(function, arguments, keywords))
        if function.owner is not None:
            scope.names["__class__"] = function.owner
        outer, at, outside = self.source, self.at, self.outside
        if not function.source.of_library:
            self.outside = None
            self.scopes[function.name] = scope
        elif outside is None:
            self.outside = outer, at
        self.source = function.source
        self.meter.calls += 1
        if function.generates:
            self.yielded.append([])
        try:
            with self.framed(Frame(function.name, getattr(at, "lineno", 0))):
                if isinstance(function.tree, ast.Lambda):
                    return self.evaluate(function.tree.body, scope)
                self.body(function.tree.body, scope)
        except Return as found:
            return found.value if not function.generates else iter(self.yielded[-1])
        finally:
            self.meter.calls -= 1
            self.source, self.outside = outer, outside
            made = self.yielded.pop() if function.generates else None
        self.at = at
        return None if made is None else iter(made)

    # ── values ──

    def items(self, value: Any) -> Iterable[Any]:
        """What a loop goes through."""
        if isinstance(value, np.ndarray):
            if value.ndim == 0:
                raise Refusal("a number cannot be gone through", "value")
            return [self.get_item(value, i) for i in range(len(value))]
        if isinstance(value, list | tuple | dict | str | set | range | Iterator):
            return value
        if isinstance(value, Object) and value.cls.is_tuple:
            return [self.object_member(value, name) for name in value.cls.fields]
        raise Refusal(f"{called(value)} cannot be gone through", "value")

    def listed(self, value: Any) -> list[Any]:
        """The items as a list, which must not be too long."""
        items = self.items(value)
        if not isinstance(items, Iterator):
            self.meter.length(len(items))  # type: ignore[arg-type]
        return list(items)

    def truth(self, value: Any) -> bool:
        if is_array(value):
            if value.size != 1:
                raise Refusal("an array of several elements is neither true nor false", "value")
            return bool(value)
        return value is not None and (isinstance(value, Object | Function | Class | Library) or bool(value))


def plain_item(value: Any) -> Any:
    """A number or a text to be put into a text."""
    if isinstance(value, np.generic | np.ndarray) and value.size == 1:
        return value.item()
    if isinstance(value, str | int | float):
        return value
    raise Refusal(f"{called(value)} is not put into a text", "value")


def context(count: int, made: Object | None = None) -> Object:
    """The `ctx` that an autograd Function is given; an object of its own, as it once was."""
    made = made or Object(Class("ctx", (), {}))
    made.names["needs_input_grad"] = (True,) * count

    def save(*given: Any) -> None:
        made.names["saved_tensors"] = made.names["saved_variables"] = given

    save()

    made.names["save_for_backward"] = Builtin("save_for_backward", save)
    for name in ("mark_non_differentiable", "set_materialize_grads", "mark_dirty"):
        made.names[name] = Builtin(name, lambda *_: None)
    return made
