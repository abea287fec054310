# ruff: noqa: N802
"""The statements of Python, walked over values of our own. Nothing of the user's is executed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.python.interpret.builtins import plain_key
from backprop.python.interpret.calls import Return
from backprop.python.interpret.definitions import Definitions, is_harmless
from backprop.python.interpret.machine import ERRORS, kind_of, said
from backprop.python.interpret.operators import IN_PLACE, METHOD_NAMES
from backprop.python.values.arrays import Tensor, operand
from backprop.python.values.frames import Frame
from backprop.python.values.meter import RAISED, Refusal
from backprop.python.values.scope import NOT_IMPLEMENTED, Idle, Object, Scope, Suspended, called


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Interpreter(Definitions):
    """A method for each kind of statement: `do_` and its name in Python's own tree."""

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
            raise self.problem(kind_of(error), said(error)) from None
        except RecursionError:
            raise self.problem("size", "this is nested too deeply") from None

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
            if function is None or (isinstance(old, np.matrix) and isinstance(tree.op, ast.Mult | ast.Pow)):
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
        found = self.by_own(old, f"__i{METHOD_NAMES[type(tree.op)]}__", value)
        return self.binary(type(tree.op), old, value) if found is NOT_IMPLEMENTED else found

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

    def do_If(self, tree: ast.If, scope: Scope) -> None:
        self.body(tree.body if self.truth(self.evaluate(tree.test, scope)) else tree.orelse, scope)

    def do_Match(self, tree: ast.Match, scope: Scope) -> None:
        """The first case that fits; the names in its pattern are set on the way."""
        value = self.evaluate(tree.subject, scope)
        for case in tree.cases:
            if self.fits(case.pattern, value, scope) and (
                case.guard is None or self.truth(self.evaluate(case.guard, scope))
            ):
                self.body(case.body, scope)
                return

    def fits(self, pattern: ast.pattern, value: Any, scope: Scope) -> bool:
        """Whether a value has the form of a pattern, as far as it tells values, rows and kinds apart."""
        self.at = pattern
        if isinstance(pattern, ast.MatchValue):
            return self.truth(self.compared(ast.Eq(), value, self.evaluate(pattern.value, scope)))
        if isinstance(pattern, ast.MatchSingleton):
            return value is pattern.value
        if isinstance(pattern, ast.MatchOr):
            return any(self.fits(one, value, scope) for one in pattern.patterns)
        if isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None and not self.fits(pattern.pattern, value, scope):
                return False
            if pattern.name is not None:
                scope.names[pattern.name] = value
            return True
        if isinstance(pattern, ast.MatchSequence) and not any(isinstance(p, ast.MatchStar) for p in pattern.patterns):
            like = isinstance(value, list | tuple) and len(value) == len(pattern.patterns)
            return like and all(self.fits(*one, scope) for one in zip(pattern.patterns, value, strict=True))
        if isinstance(pattern, ast.MatchClass) and not pattern.patterns and not pattern.kwd_patterns:
            kind = self.evaluate(pattern.cls, scope)
            return self.truth(self.call(self.builtins["isinstance"], (value, kind), {}))
        raise Refusal("this pattern is not read here", "syntax")

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
        call = tree.exc if isinstance(tree.exc, ast.Call) else None
        head = call.func if call is not None else tree.exc
        why = next(iter(call.args), None) if call is not None else None
        value = None
        with suppress(Refusal):
            value = None if why is None else self.evaluate(why, scope)
        self.at = tree
        text = f": {value}" if isinstance(value, str) else ""
        raise Refusal(f"this raises an error here{text}"[:300], RAISED, raised=getattr(head, "id", "") or self.raised)

    def do_Delete(self, tree: ast.Delete, scope: Scope) -> None:
        for target in tree.targets:
            if isinstance(target, ast.Name):
                scope.home(target.id).names.pop(target.id, None)
                continue
            holder = self.evaluate(target.value, scope) if isinstance(target, ast.Attribute | ast.Subscript) else None
            if isinstance(target, ast.Subscript) and isinstance(holder, dict | list):
                del holder[plain_key(self.evaluate(target.slice, scope))]
            elif isinstance(target, ast.Attribute) and isinstance(holder, Object):
                holder.names.pop(target.attr, None)
            else:
                raise Refusal("this cannot be deleted here")

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
        looser = {
            "ZeroDivisionError": "ArithmeticError", "KeyError": "LookupError", "IndexError": "LookupError",
            "ModuleNotFoundError": "ImportError",
        }  # fmt: skip
        return bool(self.raised) and (tree is None or bool(names & {self.raised, "Exception", "BaseException",
                                                                    looser.get(self.raised, "")}))  # fmt: skip

    def do_With(self, tree: ast.With, scope: Scope) -> None:
        self.inside(tree.items, tree.body, scope)

    def inside(self, items: list[ast.withitem], body: list[ast.stmt], scope: Scope) -> None:
        """A body in contexts: those that change no value, and those of the user's own."""
        if not items:
            self.body(body, scope)
            return
        item, *rest = items
        if is_harmless(item.context_expr):
            if isinstance(item.optional_vars, ast.Name):  # `with tf.name_scope(name) as scope`
                self.store(item.optional_vars, None, scope)
            self.inside(rest, body, scope)
            return
        context = self.evaluate(item.context_expr, scope)
        if isinstance(context, Suspended):
            self.around(context, item, lambda: self.inside(rest, body, scope), scope)
            return
        self.at = item.context_expr
        if isinstance(context, Idle):
            if item.optional_vars is not None:
                self.store(item.optional_vars, context, scope)
            self.inside(rest, body, scope)
            return
        if not isinstance(context, Object):
            raise Refusal(f"with {called(context)} is not read", "syntax")
        held = self.call(self.attribute(context, "__enter__", own=True), (), {})
        try:
            if item.optional_vars is not None:
                self.store(item.optional_vars, held, scope)
            self.inside(rest, body, scope)
        finally:
            self.call(self.attribute(context, "__exit__", own=True), (None, None, None), {})

    def around(self, context: Suspended, item: ast.withitem, body: Callable[[], None], scope: Scope) -> None:
        """Go through a `@contextmanager`, and where it yields through the body of the `with`."""
        here, left = self.source, None

        def where_it_yields(value: Any) -> None:
            nonlocal left
            there, self.source = self.source, here
            own, self.yielded = self.yielded, self.yielded[:-1]
            try:
                if item.optional_vars is not None:
                    self.store(item.optional_vars, value, scope)
                body()
            except (Return, Break, Continue) as found:  # it leaves the function that the `with` stands in
                left = found
            finally:
                self.source, self.yielded = there, own

        self.called(context.function, context.arguments, context.keywords, where_it_yields)
        if left is not None:
            raise left
