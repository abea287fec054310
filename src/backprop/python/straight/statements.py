"""Statements: assignments, definitions of one line, what a function returns."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable

from backprop.errors import Problem
from backprop.errors.spans import Span
from backprop.python.straight.calls import Calls
from backprop.python.straight.expressions import OPERATORS
from backprop.python.straight.nodes import STRAIGHT
from backprop.python.straight.trees import assigned, called, head, is_aside, is_call, is_docstring, is_literal, targets

Helper = Callable[[ast.stmt], str | None]


class Statements(Calls):
    """Reads the whole text."""

    def __init__(self, text: str, source: str | None, repeated: bool, helper: Helper) -> None:
        super().__init__(text, source, repeated)
        self.helper = helper
        self.returned = False

    def module(self, tree: ast.Module) -> None:
        """The whole text: definitions of one line, and then the top level or the body of the last function."""
        body = [one for one in tree.body if not (self.is_import(one) or is_aside(one) or self.is_helper(one))]
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

    def function_body(self, function: ast.FunctionDef) -> list[ast.stmt]:
        """The statements of the function that is the program; its parameters are inputs."""
        parameters, defaults = self.parameters(function), function.args.defaults
        for argument, value in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
            if is_literal(value):
                self.program.given[argument.arg] = ast.unparse(value)
        return [one for one in function.body if not is_docstring(one) and not self.is_import(one)]

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
            raise self.refused(called(statement), head(self.span(statement), self.program.text))

    def definition(self, function: ast.FunctionDef, start: int) -> None:
        """A function whose body is one return: a gate of the user's own."""
        body = [statement for statement in function.body if not is_docstring(statement)]
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            message = f"the body of {function.name} is more than one return"
            hint = "write it as one expression, or put the whole computation into one function"
            raise self.problem("syntax", message, head(self.span(function), self.program.text), hint)
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
                message = "these assignments at once depend on each other"
                raise self.problem("syntax", message, place, "give each a line of its own")
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
        both = Span(self.span(target).start, self.span(value).end)
        self.append("assignment", self.fresh(name), (), node, start, both)

    def augmented(self, statement: ast.AugAssign) -> None:
        """`dx += dq`."""
        name, start = self.target(statement.target), len(self.program.ops)
        op = OPERATORS.get(type(statement.op))
        if op is None:
            raise self.refused("this operator", statement)
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

    def target(self, target: ast.expr) -> str:
        if isinstance(target, ast.Name):
            return target.id
        raise self.problem("syntax", "only a plain name can be assigned here", target, STRAIGHT)
