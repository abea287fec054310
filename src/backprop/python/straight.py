"""Python that is read, never run: straight-line code becomes a program of the same kind as a text in our own language.

Python's own parser makes the tree; nothing of it is executed. What can be read: assignments (`q = x + y`, `x, y = 1,
2`, `dx += dq`), one function body or the top level, arithmetic, `**`, `@`, comparisons, `a if c else b`, the functions
of math and numpy (`np.exp`, `math.log`), methods (`A.sum(axis=0)`, `A.dot(B)`, `A.T`), indexing, lists of numbers.
Functions whose body is one `return` are gates of the user's own. A name that is set to a plain number once (`x = -2`)
is an input whose value is that number, as in the listings of the course notes. All else is a Problem with its place.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from backprop.errors import LARGEST, Problem, nearest
from backprop.errors.spans import Span
from backprop.gates import CONSTANTS, NAMES
from backprop.language.program import Call, Program, Statement
from backprop.python.values.meter import check_length, unread

LIBRARIES = frozenset(
    ["math", "cmath", "numpy", "scipy", "scipy.special", "jax.numpy", "autograd.numpy", "torch", "micrograd.engine"]
)
USUAL = {"math": "math", "np": "numpy", "numpy": "numpy", "jnp": "jax.numpy", "torch": "torch"}
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
    ast.MatMult: "matmul",
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal",
    ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip
# What NumPy calls otherwise than we do, where it is no alias of the gate.
SPELLINGS = {
    "dot": "matmul", "matmul": "matmul", "add": "add", "subtract": "subtract", "multiply": "multiply",
    "divide": "divide", "true_divide": "divide", "power": "power", "float_power": "power",
    "negative": "negate", "amax": "max", "amin": "min",
}  # fmt: skip
NODES = frozenset(OPERATORS.values()) | {"negate"}  # a call of these is the operator itself
HARMLESS = frozenset(["__future__", "collections.abc", "functools", "operator", "typing"])  # nothing to compute with
SUBMODULES = frozenset(["linalg", "special"])
COPIES = frozenset(["float", "array", "asarray", "float64"])  # hand on what they are given
JOINS = frozenset(["stack", "concat", "concatenate"])  # of a list of inputs
Helper = Callable[[ast.stmt], str | None]
MAIN_GUARDS = {"__name__ == '__main__'", "'__main__' == __name__"}


def read_python(
    text: str, source: str | None = None, *, repeated: bool = False, helper: Helper = lambda statement: None
) -> Program:
    """The program that a Python text is.

    A name that is assigned again becomes a stage of its own (`h`, `h_2`, …), unless `repeated`: then statements are
    kept as they stand, `+=` as the kind "accumulate". `program.given` has the inputs that the text sets to plain
    numbers. `helper` knows functions without reading them: it gives the gate that a statement at the top defines, ""
    for a part of such a function, None for anything else. Raises a Problem of kind "syntax" or "name" with the place of
    what cannot be read.
    """
    check_length(text, source)
    reader = Reader(text, source, repeated, helper)
    try:
        reader.module(on_numbers(parse_module(text, reader)))
    except RecursionError as error:
        raise unread(error, source) from None
    return reader.program


def is_python(source: str | None) -> bool:
    """Whether a text came from a file of Python's."""
    return bool(source and source.endswith(".py"))


def parse_module(text: str, reader: Reader) -> ast.Module:
    """Python's own tree of a text; its complaints become ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        offset = reader.offset(error.lineno or 1, 0) + max((error.offset or 1) - 1, 0)
        raise reader.problem("syntax", f"this is not Python: {error.msg}", Span(offset, offset + 1)) from None
    except (ValueError, MemoryError) as error:
        raise unread(error, reader.program.source) from None


def on_numbers(tree: ast.Module) -> ast.Module:
    """A script on the values of micrograd as one on numbers: `Value(2.0)` is 2.0, and it ends where it says
    `g.backward()`, of which g is then the output."""
    imported = [one for one in tree.body if isinstance(one, ast.ImportFrom) and one.module == "micrograd.engine"]
    names = {alias.asname or alias.name for one in imported for alias in one.names}
    if not names:
        return tree

    class Opened(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            self.generic_visit(node)
            made = isinstance(node.func, ast.Name) and node.func.id in names and len(node.args) == 1
            return node.args[0] if made else node

    for place, statement in enumerate(tree.body):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "backward":
            last = assigned(tree.body[:place])[-1:] == [getattr(call.func.value, "id", "")]
            tree.body[place:] = [] if last else [ast.copy_location(ast.Expr(call.func.value), statement)]
            break
    return Opened().visit(tree)  # type: ignore[no-any-return]


EXTREMES = ("max", "min", "amax", "amin")


def is_whole(tree: ast.expr) -> bool:
    """Whether a whole number is written out."""
    inner = tree.operand if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub) else tree
    return isinstance(inner, ast.Constant) and type(inner.value) is int


class Reader:
    """Builds the program, node by node, each behind its operands."""

    def __init__(self, text: str, source: str | None, repeated: bool, helper: Helper) -> None:
        self.spans: list[tuple[int, int]] = []
        self.program = Program(text, lambda: self.spans, source)
        self.repeated = repeated
        self.helper = helper
        self.helpers: dict[str, str] = {}  # functions that are gates, by their names
        self.starts = [0]
        for line in text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.lines = text.splitlines()
        self.libraries = dict(USUAL)
        self.functions: dict[str, str] = {}  # from math import exp as e
        self.own: set[str] = set()  # functions defined here
        self.current: dict[str, str] = {}  # what a name that was assigned again is now called
        self.taken: set[str] = set()
        self.used: set[str] = set()
        self.once: set[str] = set()  # names that are assigned once
        self.returned = False

    # ── places ──

    def offset(self, line: int, column: int) -> int:
        """Where in the text a line and a column stand; Python counts columns in bytes."""
        content = self.lines[line - 1] if line <= len(self.lines) else ""
        return self.starts[min(line - 1, len(self.starts) - 1)] + len(content.encode()[:column].decode(errors="ignore"))

    def span(self, tree: ast.AST) -> Span:
        place: Any = tree
        return Span(self.offset(place.lineno, place.col_offset), self.offset(place.end_lineno, place.end_col_offset))

    def problem(self, kind: str, message: str, place: ast.AST | Span, hint: str = "") -> Problem:
        span = self.span(place) if isinstance(place, ast.AST) else place
        return Problem(kind, message, text=self.program.text, source=self.program.source, spans=[span], hint=hint)

    def node(self, op: str, operands: Any, place: ast.AST) -> int:
        """Append a node; its place is a token of its own."""
        program = self.program
        program.ops.append(op)
        program.operands.append(operands)
        program.firsts.append(len(self.spans))
        program.lasts.append(len(self.spans))
        self.spans.append(self.span(place))
        return len(program.ops) - 1

    # ── statements ──

    def module(self, tree: ast.Module) -> None:
        """The whole text: definitions of one line, and then the top level or the body of the last function."""
        body = [
            statement
            for statement in tree.body
            if not (self.is_import(statement) or is_aside(statement) or self.is_helper(statement))
        ]
        definitions = [statement for statement in body if isinstance(statement, ast.FunctionDef)]
        if definitions and len(definitions) == len(body):
            main = definitions.pop()
            body = [*definitions, *self.function_body(main)]
        self.once = {name for name, times in Counter(assigned(body)).items() if times == 1}
        self.taken = set(assigned(body)) | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for statement in body:
            if self.returned:
                raise self.problem("syntax", "nothing comes after return", statement)
            self.statement(statement)
        if not self.program.statements and not self.repeated:
            raise Problem("syntax", "there is nothing to compute in this file", source=self.program.source)

    def is_helper(self, statement: ast.stmt) -> bool:
        """Take note of a function that is known without being read."""
        gate = self.helper(statement)
        if gate:
            self.helpers[getattr(statement, "name", "") or assigned([statement])[0]] = gate
        return gate is not None

    def is_import(self, statement: ast.stmt) -> bool:
        """Take note of an import; what it names is known here, and nothing is imported."""
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name not in LIBRARIES | HARMLESS:
                    raise self.problem("syntax", f"nothing is known of {alias.name} here", statement, KNOWN)
                self.libraries[alias.asname or alias.name.partition(".")[0]] = alias.name
            return True
        if isinstance(statement, ast.ImportFrom):
            if statement.module in HARMLESS:
                return True
            if statement.module not in LIBRARIES:
                raise self.problem("syntax", f"nothing is known of {statement.module} here", statement, KNOWN)
            for alias in statement.names:
                self.functions[alias.asname or alias.name] = alias.name
            return True
        return False

    def function_body(self, function: ast.FunctionDef) -> list[ast.stmt]:
        """The statements of the function that is the program; its parameters are inputs."""
        self.parameters(function)
        defaults = function.args.defaults
        for argument, value in zip(
            function.args.args[len(function.args.args) - len(defaults) :], defaults, strict=True
        ):
            if is_literal(value):
                self.program.given[argument.arg] = ast.unparse(value)
        return [
            statement for statement in function.body if not is_docstring(statement) and not self.is_import(statement)
        ]

    def parameters(self, function: ast.FunctionDef) -> list[ast.arg]:
        """The plain parameters of a function."""
        given = function.args
        decorators = [tree for tree in function.decorator_list if not is_call(tree, "errstate")]
        for other in (given.vararg, given.kwarg, *given.kwonlyargs, *given.posonlyargs, *decorators):
            if other is not None:
                raise self.problem("syntax", "a function here has plain parameters, and no decorator", other)
        return given.args

    def statement(self, statement: ast.stmt) -> None:
        """One statement, or a Problem that says what can be read."""
        start = len(self.program.ops)
        if isinstance(statement, ast.FunctionDef):
            self.definition(statement, start)
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            self.assign(statement.targets[0], statement.value, statement)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self.assign(statement.target, statement.value, statement)
        elif isinstance(statement, ast.AugAssign):
            self.augmented(statement)
        elif isinstance(statement, ast.Return) and statement.value is not None:
            self.returned = True
            self.result(statement.value, statement)
        elif isinstance(statement, ast.Expr):
            if isinstance(statement.value, ast.Call) and getattr(statement.value.func, "id", "") == "print":
                return
            self.result(statement.value, statement)
        elif not isinstance(statement, ast.Pass):
            raise self.problem(
                "syntax",
                f"{called(statement)} cannot be read here",
                head(self.span(statement), self.program.text),
                STRAIGHT,
            )

    def definition(self, function: ast.FunctionDef, start: int) -> None:
        """A function whose body is one return: a gate of the user's own."""
        body = [statement for statement in function.body if not is_docstring(statement)]
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            message = f"the body of {function.name} is more than one return"
            raise self.problem(
                "syntax",
                message,
                head(self.span(function), self.program.text),
                "write it as one expression, or put the whole computation into one function",
            )
        parameters = tuple(self.node("name", argument.arg, argument) for argument in self.parameters(function))
        outside, self.current = self.current, {}
        value = self.expression(body[0].value)
        self.current = outside
        self.own.add(function.name)
        start_of_name = self.program.text.index(function.name, self.span(function).start)
        self.append("definition", function.name, parameters, value, start, Span(start_of_name, self.span(function).end))

    def assign(self, target: ast.expr, value: ast.expr, place: ast.stmt) -> None:
        """`q = x + y`, or several at once: `x, y = -2, 5`."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            read = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
            if read & {name for element in target.elts for name in targets(element)}:
                raise self.problem(
                    "syntax", "these assignments at once depend on each other", place, "give each a line of its own"
                )
            for element, part in zip(target.elts, value.elts, strict=True):
                self.assign(element, part, place)
            return
        name = self.target(target)
        if self.repeated and isinstance(value, ast.Dict):
            return  # gradients = {"x": dx}: what the next line returns, as it returns names
        if isinstance(value, ast.Call) and value.args and ast.unparse(value.args[0]) == name and self.copies(value):
            return  # x = np.asarray(x, dtype=float)
        if not self.repeated and name in self.once and name not in self.used and is_literal(value):
            self.program.given[name] = ast.unparse(value)
            return
        start = len(self.program.ops)
        node = self.expression(value)
        self.append("assignment", self.fresh(name), (), node, start, self.token(target, value))

    def augmented(self, statement: ast.AugAssign) -> None:
        """`dx += dq`."""
        name, start = self.target(statement.target), len(self.program.ops)
        op = OPERATORS.get(type(statement.op))
        if op is None:
            raise self.problem("syntax", "this operator cannot be read here", statement, STRAIGHT)
        if self.repeated and op in ("add", "subtract"):
            node = self.expression(statement.value)
            if op == "subtract":
                node = self.node("negate", (node,), statement.value)
            self.append("accumulate", name, (), node, start, self.span(statement))
            return
        before = self.node("name", self.current.get(name, name), statement.target)
        node = self.node(op, (before, self.expression(statement.value)), statement)
        self.append("assignment", self.fresh(name), (), node, start, self.span(statement))

    def result(self, value: ast.expr, place: ast.stmt) -> None:
        """What a function returns, or a bare expression at the end: the output. A backward pass returns names."""
        if self.repeated:
            if isinstance(place, ast.Return):
                return
            raise self.problem("syntax", "a line of a backward pass has a name: dx = …", place)
        if isinstance(value, ast.Tuple):
            raise self.problem("syntax", "a circuit has one output", value, "return one value")
        start = len(self.program.ops)
        node = self.expression(value)
        self.append("result", "", (), node, start, self.span(place))

    def append(self, kind: str, name: str, parameters: tuple[int, ...], value: int, start: int, place: Span) -> None:
        token = len(self.spans)
        self.spans.append(place)
        stop = len(self.program.ops)
        self.program.statements.append(Statement(kind, name, parameters, value, start, stop, token, token))

    def token(self, target: ast.expr, value: ast.expr) -> Span:
        return Span(self.span(target).start, self.span(value).end)

    def target(self, target: ast.expr) -> str:
        if isinstance(target, ast.Name):
            return target.id
        raise self.problem("syntax", "only a plain name can be assigned here", target, STRAIGHT)

    def fresh(self, name: str) -> str:
        """The name of a stage: the user's own, or a numbered one where it has been given already."""
        if self.repeated or (name not in self.current and name not in self.used):
            self.current.setdefault(name, name)
            return name
        self.current[name] = next(new for n in count(2) if (new := f"{name}_{n}") not in self.taken)
        self.taken.add(self.current[name])
        return self.current[name]

    # ── expressions ──

    def expression(self, tree: ast.expr) -> int:
        """The node of an expression."""
        read = getattr(self, f"on_{type(tree).__name__.lower()}", None)
        if read is None:
            raise self.problem("syntax", f"{called(tree)} cannot be read here", tree, STRAIGHT)
        node: int = read(tree)
        return node

    def on_constant(self, tree: ast.Constant) -> int:
        if tree.value is None:
            return self.node("name", "none", tree)
        if tree.value is ...:
            return self.node("ellipsis", (), tree)
        if isinstance(tree.value, (int, float)):
            try:
                return self.node("number", float(tree.value), tree)
            except OverflowError:
                raise self.problem("syntax", f"this is beyond the largest number, {LARGEST}", tree) from None
        raise self.problem("syntax", f"{ast.unparse(tree)} is no number", tree)

    def on_name(self, tree: ast.Name) -> int:
        if tree.id in self.functions and self.functions[tree.id] in CONSTANTS:
            return self.node("name", self.functions[tree.id], tree)
        self.used.add(tree.id)
        return self.node("name", self.current.get(tree.id, tree.id), tree)

    def on_binop(self, tree: ast.BinOp) -> int:
        """A chain of operators, from its leftmost operand on: a long sum is no deep recursion."""
        chain: list[ast.BinOp] = []
        here: ast.expr = tree
        while isinstance(here, ast.BinOp):
            chain.append(here)
            here = here.left
        node = self.expression(here)
        for link in reversed(chain):
            node = self.operation(link, node, self.expression(link.right))
        return node

    def operation(self, tree: ast.BinOp, left: int, right: int) -> int:
        """One operator."""
        kind = type(tree.op)
        if kind in OPERATORS:
            return self.node(OPERATORS[kind], (left, right), tree)
        if kind is ast.BitAnd:  # of conditions
            return self.node("multiply", (left, right), tree)
        if kind is ast.Mod:
            return self.node("call", Call("mod", (left, right), ()), tree)
        if kind is ast.FloorDiv:
            return self.node("call", Call("floor", (self.node("divide", (left, right), tree),), ()), tree)
        raise self.problem("syntax", "this operator cannot be read here", tree, STRAIGHT)

    def on_unaryop(self, tree: ast.UnaryOp) -> int:
        if isinstance(tree.op, ast.UAdd):
            return self.expression(tree.operand)
        if isinstance(tree.op, ast.Not):
            return self.negated(self.expression(tree.operand), tree)
        if not isinstance(tree.op, ast.USub):
            raise self.problem("syntax", "this operator cannot be read here", tree, STRAIGHT)
        if isinstance(tree.operand, ast.Constant) and isinstance(tree.operand.value, (int, float)):
            return self.node("number", -float(tree.operand.value), tree)
        return self.node("negate", (self.expression(tree.operand),), tree)

    def on_compare(self, tree: ast.Compare) -> int:
        if len(tree.ops) != 1 or type(tree.ops[0]) not in OPERATORS:
            raise self.problem("syntax", "only one comparison at a time can be read: a < b", tree)
        left, right = self.expression(tree.left), self.expression(tree.comparators[0])
        return self.node(OPERATORS[type(tree.ops[0])], (left, right), tree)

    def negated(self, node: int, tree: ast.AST) -> int:
        """Whether something is not so."""
        return self.node("equal", (node, self.node("number", 0.0, tree)), tree)

    def on_boolop(self, tree: ast.BoolOp) -> int:
        """`a and b`, of conditions: both are 1."""
        if isinstance(tree.op, ast.Or):
            raise self.problem("syntax", "or cannot be read here", tree, STRAIGHT)
        node, *others = [self.negated(self.negated(self.expression(part), part), part) for part in tree.values]
        for other in others:
            node = self.node("multiply", (node, other), tree)
        return node

    def on_ifexp(self, tree: ast.IfExp) -> int:
        condition, yes, no = (self.expression(part) for part in (tree.test, tree.body, tree.orelse))
        return self.node("call", Call("where", (condition, yes, no), ()), tree)

    def on_list(self, tree: ast.List | ast.Tuple) -> int:
        if is_truth(tree):
            return self.truth(tree)
        return self.node("array", tuple([self.expression(element) for element in tree.elts]), tree)

    on_tuple = on_list

    def truth(self, tree: ast.expr) -> int:
        """A list of True and False, which is a mask; by itself, True is 1."""
        if isinstance(tree, (ast.List, ast.Tuple)):
            return self.node("array", tuple([self.truth(element) for element in tree.elts]), tree)
        return self.node("name", ast.unparse(tree).lower(), tree)

    def on_subscript(self, tree: ast.Subscript) -> int:
        of = shaped(tree.value)
        if of is not None and isinstance(tree.slice, (ast.Constant, ast.UnaryOp)):
            counted = self.expression(of)
            return self.node("call", Call("count", (counted,), (("axis", self.expression(tree.slice)),)), tree)
        value = self.expression(tree.value)
        taken = slice_behind_dots(places_of(tree.slice)) if self.repeated else None
        if taken is not None:
            axis, place = taken
            options = (("axis", self.node("number", float(axis), tree)), ("place", self.expression(place)))
            return self.node("call", Call("take", (value,), options), tree)
        return self.node("index", (value, *[self.expression(place) for place in places_of(tree.slice)]), tree)

    def on_slice(self, tree: ast.Slice) -> int:
        bounds = tuple(
            None if bound is None else self.expression(bound) for bound in (tree.lower, tree.upper, tree.step)
        )
        return self.node("slice", bounds, tree)

    def on_attribute(self, tree: ast.Attribute) -> int:
        if self.is_library(tree.value):
            if tree.attr in CONSTANTS:
                return self.node("name", tree.attr, tree)
            raise self.problem(
                "name", f"{ast.unparse(tree)} is no number", tree, "call it, or use one of pi, e, tau, inf, nan"
            )
        if tree.attr == "T":
            return self.node("transpose", (self.expression(tree.value),), tree)
        raise self.problem("syntax", f".{tree.attr} cannot be read here", tree, STRAIGHT)

    def on_call(self, tree: ast.Call) -> int:
        """A function of math or numpy, a method, or a function of the user's."""
        function, before = tree.func, []
        if isinstance(function, ast.Name):
            if function.id in self.helpers:
                return self.helper_call(self.helpers[function.id], tree)
            name = function.id if function.id in self.own else self.functions.get(function.id, function.id)
        elif isinstance(function, ast.Attribute):
            name = function.attr
            if not self.is_library(function.value):
                before = [self.expression(function.value)]
        else:
            raise self.problem("syntax", "only a function's name can be called here", function)
        if name in ("zeros_like", "ones_like", "len") and name not in self.own and len(tree.args) == 1:
            return self.like(name, tree)
        special = getattr(self, f"call_{name}", None) if name not in self.own else None
        found = special(tree) if special is not None and not before else None
        if found is not None:
            return int(found)
        copies = name in COPIES and name not in self.own
        if name not in self.own and not copies:
            name = self.known(name, function)
        starred = [argument for argument in tree.args if isinstance(argument, ast.Starred)]
        if starred or any(keyword.arg is None for keyword in tree.keywords):
            raise self.problem("syntax", "* and ** cannot be read here", starred[0] if starred else tree)
        spread = [part for argument in tree.args for part in (elements(argument) if name in JOINS else [argument])]
        arguments = (*before, *[self.argument(argument) for argument in spread])
        if copies and len(arguments) == 1:
            return arguments[0]
        by_position = isinstance(function, ast.Attribute) and function.attr in EXTREMES and len(arguments) == 2
        if by_position and is_whole(tree.args[-1]):  # np.max(x, 1), x.max(1): an axis, and no other number
            return self.node("call", Call(name, arguments[:1], (("axis", arguments[1]), *self.keywords(tree))), tree)
        if (
            name in NODES
            and name not in self.own
            and not tree.keywords
            and len(arguments) == (1 if name == "negate" else 2)
        ):
            return self.node(name, arguments, tree)
        return self.node("call", Call(name, arguments, self.keywords(tree)), tree)

    def argument(self, tree: ast.expr) -> int:
        """An argument of a call, which may be a text."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            return self.node("string", tree.value, tree)
        return self.expression(tree)

    def keywords(self, tree: ast.Call) -> tuple[tuple[str, int], ...]:
        return tuple((str(keyword.arg), self.argument(keyword.value)) for keyword in tree.keywords)

    def copies(self, tree: ast.Call) -> bool:
        """Whether a call hands on what it is given."""
        return any(is_call(tree, name) for name in COPIES)

    def helper_call(self, gate: str, tree: ast.Call) -> int:
        """A call of a helper that is a gate; some take their inputs together, or an index."""
        inputs, options = list(tree.args), list(self.keywords(tree))
        if gate == "scatter":  # scatter(g, x, np.s_[0, 1:3])
            subscript: Any = inputs.pop()
            places = places_of(subscript.slice)
            wires = [place for place in places if not is_written(place)]
            kinds = ["mask" if isinstance(place, ast.Compare) or is_truth(place) else "wire" for place in places]
            at = tuple(kind if place in wires else place_of(place) for kind, place in zip(kinds, places, strict=True))
            options.append(("at", self.node("string", at, tree)))
            inputs += wires
        if gate == "starts":
            inputs = elements(inputs[0])
        nodes = tuple([self.expression(argument) for argument in inputs])
        return self.node("call", Call(gate, nodes, tuple(options)), tree)

    def call_logical_not(self, tree: ast.Call) -> int:
        return self.negated(self.expression(tree.args[0]), tree)

    def call_size(self, tree: ast.Call) -> int:
        return self.node("call", Call("count", (self.expression(tree.args[0]),), ()), tree)

    def call_trace(self, tree: ast.Call) -> int:
        return self.node("call", Call("trace", (self.expression(tree.args[0]),), ()), tree)

    def call_reshape(self, tree: ast.Call) -> int | None:
        """`np.reshape(x, np.shape(y))`; of a shape that is written out, it is as any other call."""
        of = shaped(tree.args[1]) if len(tree.args) == 2 else None
        if of is None or not self.repeated:
            return None
        return self.node("call", Call("reshape_like", (self.expression(tree.args[0]), self.expression(of)), ()), tree)

    def call_prod(self, tree: ast.Call) -> int | None:
        """`np.prod(np.shape(x)[:-1])`, how many rows there are."""
        inner = tree.args[0] if tree.args else None
        of = shaped(inner.value) if isinstance(inner, ast.Subscript) and ast.unparse(inner.slice) == ":-1" else None
        if of is None or not self.repeated:
            return None
        return self.node("call", Call("rows", (self.expression(of),), ()), tree)

    def call_expand_dims(self, tree: ast.Call) -> int | None:
        if not self.repeated or len(tree.args) != 2:
            return None
        axis = ("axis", self.expression(tree.args[1]))
        return self.node("call", Call("expand", (self.expression(tree.args[0]),), (axis,)), tree)

    def like(self, name: str, tree: ast.Call) -> int:
        """zeros_like(x) is 0 * x, ones_like(x) is x^0, and len(x) counts along the first axis."""
        inner = self.expression(tree.args[0])
        nought = self.node("number", 0.0, tree)
        if self.repeated and name != "len":
            return self.node("call", Call(name, (inner,), ()), tree)
        if name == "zeros_like":
            return self.node("multiply", (nought, inner), tree)
        if name == "ones_like":
            return self.node("power", (inner, nought), tree)
        return self.node("call", Call("count", (inner,), (("axis", nought),)), tree)

    def known(self, name: str, place: ast.expr) -> str:
        """Our name for a function of math or numpy."""
        if name in SPELLINGS or name in NAMES:
            return SPELLINGS.get(name, name)
        near = nearest(name, [*self.own, *NAMES])
        hint = f"did you mean {near}?" if near else "`backprop gates` lists the functions"
        raise self.problem("name", f"there is no function {name}", place, hint)

    def is_library(self, tree: ast.expr) -> bool:
        if isinstance(tree, ast.Attribute) and tree.attr in SUBMODULES and isinstance(tree.value, ast.Name):
            tree = tree.value
        text = ast.unparse(tree) if isinstance(tree, (ast.Name, ast.Attribute)) else ""
        return (text in self.libraries and text not in self.used) or text in LIBRARIES


KNOWN = "math and numpy are; nothing is imported or run"
STRAIGHT = "what can be read: assignments, arithmetic, functions of math and numpy, in one function or at the top level"


def head(span: Span, text: str) -> Span:
    """The first line of a statement."""
    end = text.find("\n", span.start, span.end)
    return Span(span.start, end if end >= 0 else span.end)


def called(tree: ast.AST) -> str:
    """What Python calls a construct, in words."""
    words = {
        "For": "a loop", "While": "a loop", "If": "an if statement", "With": "a with statement", "ClassDef": "a class",
        "Lambda": "a lambda", "ListComp": "a comprehension", "Dict": "a dictionary", "Try": "a try statement",
        "JoinedStr": "a text",
        "BoolOp": "and, or", "Assign": "an assignment to several names at once", "Return": "an empty return",
        "Delete": "del",
        "Import": "an import", "ImportFrom": "an import", "Assert": "an assert", "Await": "await", "Starred": "*",
    }  # fmt: skip
    name = type(tree).__name__
    return words.get(name, f"{name} of Python's")


def is_aside(statement: ast.stmt) -> bool:
    """What computes nothing: a text, or what is done only when the file is run."""
    return is_docstring(statement) or is_main_guard(statement)


def is_call(tree: ast.expr, name: str) -> bool:
    """Whether this calls a function of that name, of any module."""
    function = tree.func if isinstance(tree, ast.Call) else None
    return getattr(function, "attr", getattr(function, "id", "")) == name


def shaped(tree: ast.expr) -> ast.expr | None:
    """What it is whose shape is asked for: x in `x.shape` and `np.shape(x)`."""
    if isinstance(tree, ast.Attribute) and tree.attr == "shape":
        return tree.value
    return tree.args[0] if isinstance(tree, ast.Call) and is_call(tree, "shape") and len(tree.args) == 1 else None


def places_of(subscript: ast.expr) -> list[ast.expr]:
    """The indices of a subscript, one an axis: `x[0, 1]` has two, `x[[0, 1]]` has one, which is a list."""
    return subscript.elts if isinstance(subscript, ast.Tuple) else [subscript]


def slice_behind_dots(places: list[ast.expr]) -> tuple[int, ast.expr] | None:
    """The axis and the place of one slice of an array, counted from the end: `x[..., 0]`, `x[..., 0, :]`; else None."""
    dots, *rest = places
    whole = [isinstance(place, ast.Slice) and ast.unparse(place) == ":" for place in rest]
    if ast.unparse(dots) != "..." or whole.count(False) != 1:
        return None
    at = whole.index(False)
    return (at - len(rest), rest[at]) if is_literal(rest[at]) else None


def is_written(place: ast.expr) -> bool:
    """Whether an index is written out: a number, a slice, a list of numbers."""
    parts = [place.lower, place.upper, place.step] if isinstance(place, ast.Slice) else [place]
    return all(part is None or is_literal(part) or ast.unparse(part) in ("None", "...") for part in parts)


def place_of(place: ast.expr) -> Any:
    """An index that is written out, as the table of gates has it."""
    if isinstance(place, ast.Slice):
        bounds = (place.lower, place.upper, place.step)
        return ("slice", *(None if bound is None else ast.literal_eval(bound) for bound in bounds))
    value = ast.literal_eval(place)
    return tuple(value) if isinstance(value, list) else value


def elements(tree: ast.expr) -> list[ast.expr]:
    """The elements of a list that is written out; anything else by itself."""
    return tree.elts if isinstance(tree, (ast.List, ast.Tuple)) else [tree]


def is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def is_main_guard(statement: ast.stmt) -> bool:
    """`if __name__ == "__main__":` is what a program does when it is run, and here nothing is."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test) in MAIN_GUARDS and not statement.orelse


def is_truth(tree: ast.expr) -> bool:
    """A list of True and False."""
    if not isinstance(tree, (ast.List, ast.Tuple)) or not tree.elts:
        return False
    return all(is_truth(one) or (isinstance(one, ast.Constant) and isinstance(one.value, bool)) for one in tree.elts)


def is_literal(tree: ast.expr) -> bool:
    """A plain number, or a list of them."""
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, (ast.USub, ast.UAdd)):
        tree = tree.operand
    if isinstance(tree, (ast.List, ast.Tuple)):
        return bool(tree.elts) and all(is_literal(element) for element in tree.elts) and not is_truth(tree)
    return isinstance(tree, ast.Constant) and isinstance(tree.value, (int, float))


def targets(target: ast.expr) -> list[str]:
    """The names that an assignment's left side sets."""
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def assigned(body: Iterable[ast.stmt]) -> list[str]:
    """Every name that is assigned, as often as it is."""
    names: list[str] = []
    for statement in body:
        if isinstance(statement, ast.Assign):
            names += [name for target in statement.targets for name in targets(target)]
        elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
            names += targets(statement.target)
    return names
