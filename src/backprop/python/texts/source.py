"""Texts of the user's as trees: files, notebooks, and files beside them that they import from."""

from __future__ import annotations

import ast
import copy
import json
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Set
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from backprop.errors import Problem, enumerated, nearest
from backprop.errors.spelling import option
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.libraries import KNOWN
from backprop.python.interpret.machine import ERRORS
from backprop.python.names import DEFINING, MOST_KEPT, free, inside, is_used, names_set, names_used, required_names
from backprop.python.texts.functions import named_by_callers
from backprop.python.texts.registered import WORDS, registered
from backprop.python.texts.restated import (
    as_both,
    as_handed_on,
    as_import,
    as_operation,
    by_their_names,
    inner_classes,
    lifted,
    whole_backward,
    with_framework,
)
from backprop.python.texts.stepped import with_steps
from backprop.python.texts.usual import stand_ins
from backprop.python.values.frames import Source, problem_at
from backprop.python.values.meter import MOST_OF_NOTEBOOK, Refusal, check_length, unread
from backprop.python.values.scope import OF_OTHERS, Class, Library, Scope, Unknown

Beside = Callable[[str, str | None], tuple[str, str] | None]
MOST_FILES = 100  # that are read because a file imports from them
USUAL = {
    "np": ("numpy",), "numpy": ("numpy",), "math": ("math",), "torch": ("torch",), "F": ("torch", "nn", "functional"),
}  # fmt: skip
PYTHON_312 = re.compile(
    r"^([ \t]*)(?:type[ \t]+(\w+)(?:\[[^\]\n]*\])?(?=[ \t]*=)|((?:def|class)[ \t]+\w+)\[[^\]\n]*\](?=[(:]))",
    re.MULTILINE,
)
PYTHON_2 = re.compile(r"^\s*print\s+[^=(\s]|\bxrange\(|^\s*except\s+\w+\s*,\s*\w+\s*:", re.MULTILINE)


class Part(NamedTuple):
    """One text and its tree."""

    source: Source
    tree: ast.Module


def part_of(text: str, name: str | None) -> Part:
    """A text, parsed, with its functions that have rules of differentiation beside them."""
    part = parsed(text, name)
    part.tree.body[:] = [as_import(one, part.tree.body) for one in part.tree.body]
    of_chainer = re.search(r"^\s*(from|import)\s+chainer\b", text, re.MULTILINE)
    by_their_names(part.tree)
    named_by_callers(part.tree)
    as_both(part.tree)
    for statement in [*part.tree.body]:
        if of_chainer and isinstance(statement, ast.ClassDef):
            with_framework(statement)
        if isinstance(statement, ast.ClassDef):
            as_handed_on(statement)
        part.tree.body += inner_classes(statement) if isinstance(statement, ast.ClassDef) else []
        part.tree.body += [*as_operation(statement), *lifted(statement, part.tree.body)]
    part.tree.body += with_steps(part.tree)
    if WORDS.search(text):
        part.tree.body += registered(part.tree)
    return part


def parsed(text: str, name: str | None) -> Part:
    """A text, parsed by Python's own parser."""
    left_out: dict[int, str] = {}
    if name is not None and name.endswith(".ipynb"):
        check_length(text, name, MOST_OF_NOTEBOOK)
        text, left_out = readable(cells(text, name))
    check_length(text, name)
    source = Source(text, name)
    source.left_out = left_out
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return Part(source, ast.parse(text))
            except SyntaxError:
                plain = PYTHON_312.sub(r"\1\2\3", text)
                if plain != text and not mistake_in(plain):
                    return Part(source, ast.parse(plain))
                source = Source(re.sub(r"(?m)^[ \t]+", lambda one: one[0].expandtabs(8), text), name)
                source.left_out = left_out
                source.old = "__future__ import division" not in text  # which Python 2 has, too
                return Part(source, ast.parse(as_python_3(source.text)))
    except SyntaxError as error:
        at = ast.Pass(lineno=min(error.lineno or 1, len(source.lines)), col_offset=max(0, (error.offset or 1) - 1))
        at.end_lineno, at.end_col_offset = at.lineno, at.col_offset + 1
        hint = "this is Python 2, of which print and except are read" if PYTHON_2.search(text) else ""
        raise problem_at(source, at, "syntax", f"this is not Python: {error.msg}", hint) from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise unread(error, name) from None


def as_python_3(text: str) -> str:
    """A text of Python 2 with `print x` and `except E, e:` as Python 3 has them, line by line."""
    lines, wait = [], ""
    for line in text.split("\n"):
        line = re.sub(r"^(\s*except\s+[\w.]+|\s*except\s*\([^)]*\)),\s*(\w+)\s*:", r"\1 as \2:", line)
        found = re.match(r"(\s*|.*:\s+)print\b(?!\s*[(=.,)])(?:\s*>>[^,]*,?)?(.*)$", line) if not wait else None
        if found is not None:
            bare = re.sub(r"^((?:\"[^\"]*\"|'[^']*'|[^\"'#])*)#.*", r"\1", found[2])  # without a comment
            line, wait = f"{found[1]}print({bare.rstrip()}", "("
        if wait and not line.rstrip().endswith("\\"):
            wait += re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", line.partition("print(")[2] if found else line)
            if sum(map(wait.count, "([{")) - sum(map(wait.count, ")]}")) == 1:
                line, wait = line + ")", ""
        lines.append(line)
    return "\n".join(lines)


def cells(text: str, name: str) -> list[str]:
    """The code cells of a notebook in order, without magics and shell lines."""
    try:
        notebook = json.loads(text)
        sheets = notebook.get("worksheets", [notebook])  # until the fourth format of these
        found = [one for sheet in sheets for one in sheet["cells"] if one["cell_type"] == "code"]
        codes = [one["input"] if "input" in one else one["source"] for one in found]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Problem("file", f"{name} is not a notebook") from None
    texts = ["".join(one) if isinstance(one, list) else str(one) for one in codes]
    return ["\n".join("#" if line.lstrip()[:1] in ("%", "!") else line for line in one.split("\n")) for one in texts]


def readable(texts: list[str]) -> tuple[str, dict[int, str]]:
    """The cells as one text, in which those that are no Python are blank, and what is wrong with each of these.

    Where no cell can be read, all of them stand, whose mistake is then told.
    """
    kept, wrong = [], {}
    for number, text in enumerate(texts, 1):
        error = mistake_in(text) and mistake_in(as_python_3(text))
        if error:
            wrong[number] = error
        kept.append("\n".join("#" for _ in text.split("\n")) if error else text)
    return ("\n".join(texts), {}) if len(wrong) == len(texts) else ("\n".join(kept), wrong)


def mistake_in(text: str) -> str:
    """Why a text is no Python; "" where it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, MemoryError, RecursionError) as error:
        return str(error) or "it is nested too deeply"
    return ""


class Code:
    """The texts that a pass consists of. `beside` finds the text of a module that stands in the same folder."""

    def __init__(self, parts: list[Part], beside: Beside | None = None) -> None:
        self.parts: list[Part] = []
        self.seen = {part.source.name or "" for part in parts}
        self.imports: dict[tuple[str | None, str], str] = {}  # the file that a module of a file is
        self.unread: dict[str, str] = {}  # what is wrong with a file that is only imported from
        self.found: dict[Any, list[tuple[Part, list[ast.stmt]]]] = {}  # what a pass needs of them
        self.handing: dict[str, dict[str, list[tuple[Source, ast.stmt]]]] = {}  # what a file has from others, and how
        self.known_classes: tuple[Any, dict[str, dict[str, ast.FunctionDef]]] = (None, {})  # and of which texts
        for part in parts:
            self.add(part, beside)

    def of(self, parts: list[Part]) -> Code:
        """The same texts with other trees."""
        other = Code(parts)
        other.imports, other.unread, other.handing = self.imports, self.unread, self.handing
        return other

    def add(self, part: Part, beside: Beside | None) -> None:
        """A part behind what it imports from."""
        folders = added_folders(part.tree)
        here = self.handing.setdefault(part.source.name or "", {})
        found = [one for statement in part.tree.body for one in inside(statement)]
        for imports in [one for one in found if isinstance(one, ast.Import | ast.ImportFrom)]:
            for alias in imports.names:
                (alone := copy.copy(imports)).names = [alias]
                here.setdefault("".join(names_set(alone)), []).append((part.source, alone))
        for module in self.modules_of(part, beside) if beside is not None else ():
            if not module and (part.source.name or "").endswith("__init__.py"):  # the package is the file itself
                self.imports[part.source.name, ""] = part.source.name or ""
                continue
            file = None
            for one in (module, *[f"{folder}.{module}" for folder in folders]) if len(self.seen) < MOST_FILES else ():
                file = file or (beside(one, part.source.name) if beside is not None else None)
            if file is None:
                self.stand_in(part, module)
                continue
            self.imports[part.source.name, module] = file[1]
            if file[1] not in self.seen:
                self.seen.add(file[1])
                try:
                    self.add(part_of(*file), beside)
                except Problem as problem:
                    self.unread[file[1]] = f"line {problem.line}: {problem.message}"
        self.parts.append(part)
        known = {one.name: one for some in self.parts for one in some.tree.body if isinstance(one, ast.ClassDef)}
        for own in part.tree.body:
            if isinstance(own, ast.ClassDef):
                own.body += whole_backward(own, known)

    def modules_of(self, part: Part, beside: Beside) -> list[str]:
        """The modules that a text imports and that are no libraries; a text that stands in a package of the user's own
        called `autograd` means that one, which has nothing that extends it."""
        own = "autograd" in (part.source.name or "").split("/")[:-1]
        own = own and beside("autograd.extend", part.source.name) is None
        return imported_modules(part.tree, {"autograd"} if own else frozenset())

    def stand_in(self, part: Part, module: str) -> None:
        """Take helpers of usual names for what they usually are, where the file of a course is not there."""
        usual = stand_ins(part.tree, module)
        if usual:
            text = "\n".join(["import numpy as np", *[f"{name} = {code}" for name, code in usual.items()]])
            made = part_of(text, f"{module.replace('.', '/')}.py")
            made.source.of_library = True
            self.imports[part.source.name, module] = made.source.name or ""
            self.parts.append(made)

    def left_out(self, roots: list[Any] | None = None) -> list[str]:
        """The cells that are no Python, and what stands for files that are not there, as remarks."""
        told = [remark for part in self.parts for remark in part.source.remarks()]
        for part, statements in self.needed(roots) if any(part.source.of_library for part in self.parts) else ():
            usual = [name for one in statements if isinstance(one, ast.Assign) for name in sorted(names_set(one))]
            if part.source.of_library and usual:
                are = "is what it usually is" if len(usual) == 1 else "are what they usually are"
                told.append(f"{part.source.name} is not there: {enumerated(usual)} {are}")
        return told

    def never_said(self, names: Iterable[str]) -> list[str]:
        """What is told of those of some names that stand nowhere in the texts, not even without their numbers, as `W1`
        does of `f"W{i}"`."""
        words = set[str]().union(*[part.source.words for part in self.parts])
        words |= {word.rstrip("0123456789") for word in words}
        lost = [name for name in names if name.rpartition(".")[2].rstrip("0123456789") not in words]
        near = {name: nearest(name, words) for name in lost}
        meant = {name: f": did you mean {one}?" if one else "" for name, one in near.items()}
        return [f"{name} stands nowhere in the text, and is not used{meant[name]}" for name in lost]

    def functions(self) -> dict[str, ast.FunctionDef]:
        """The functions at the top of the texts; a later one of the same name stands."""
        found: dict[str, ast.FunctionDef] = {}
        for part in self.parts:
            found.update({one.name: one for one in part.tree.body if isinstance(one, ast.FunctionDef)})
        return found

    def classes(self) -> dict[str, dict[str, ast.FunctionDef]]:
        """The classes with their methods, from whichever text they come. Found once for the same texts."""
        key = tuple([(id(part.tree), len(part.tree.body)) for part in self.parts])
        if self.known_classes[0] != key:
            self.known_classes = key, self.all_classes()
        return self.known_classes[1]

    def all_classes(self) -> dict[str, dict[str, ast.FunctionDef]]:
        found: dict[str, dict[str, ast.FunctionDef]] = {}
        modules = self.modules()
        elsewhere: set[str] = set()  # in files that others import from
        for part in self.parts:
            here: set[str] = set()
            for one in part.tree.body:
                if isinstance(one, ast.ClassDef):
                    if one.name in here or one.name in elsewhere:  # it is defined anew, or another of the name
                        del found[one.name]
                        elsewhere.discard(one.name)
                    here.add(one.name)
                    own = [inner for inner in one.body if isinstance(inner, ast.FunctionDef)]
                    methods = {inner.name: inner for inner in own if not sets_property(inner)}
                    dotted = [ast.unparse(base).rpartition(".") for base in one.bases]  # `base.Operation`
                    bases = [name for module, _, name in dotted if not module or module in modules]
                    inherited = [found[base] for base in bases[::-1] if base in found]
                    found.setdefault(one.name, {})
                    for method in [*inherited, methods]:
                        found[one.name].update(method)
            elsewhere |= here if part.source.name in self.imports.values() else set()
        return found

    def loaded(
        self, run: Interpreter, roots: list[Any] | None = None, given: Mapping[str, Any] = MappingProxyType({})
    ) -> Scope:
        """What the texts define. A statement that cannot be read counts only when what it defines is used.

        `roots` are the trees that belong to a pass: then only what they use is loaded, and what that uses. Without
        them the statements are the pass itself, and only functions, classes and imports are loaded. Each text has its
        own names, and those of the others where it has none. What is `given` stands for what a statement sets.
        """
        scope = Scope()
        scope.names.update({name: Library(path) for name, path in USUAL.items()})
        given = {name: run.written(one, scope, late=True) for name, one in given.items()}
        scope.names.update(given)
        scopes, run.imports, run.unread, run.handing = [scope], self.imports, self.unread, self.handing
        run.files = {part.source.name or "": {} for part in self.parts}  # those that import each other know their names
        for part, statements in self.needed(roots):
            before = {name: one for name, one in scopes[-1].names.items() if name not in run.builtins}
            scope = Scope()
            scope.names.update(before)
            scopes.append(scope)
            run.source = part.source
            for statement in statements:
                define(run, statement, scope)
                if given:
                    scope.names.update({name: given[name] for name in names_set(statement) if name in given})
            here = self.names_of(part, statements, run.files)
            own = {name: value for name, value in scope.names.items() if name in here or before.get(name) is not value}
            run.files[part.source.name or ""].update(own)
        for part, statements in self.needed(roots) * 2:  # of files in a circle, what came later
            for one in statements:
                if isinstance(one, ast.ImportFrom) and one.names[0].name == "*":
                    known, file = (
                        run.files[part.source.name or ""],
                        self.imports.get((part.source.name, one.module or "")),
                    )
                    known.update({**run.files.get(file or "", {}), **known})
        for earlier in scopes[:-1]:
            others = {name: one for name, one in scope.names.items() if name not in run.builtins}
            earlier.names.update({**others, **earlier.names})
        for made, trees, where in run.orphans:
            bases = [run.base(one, where) for one in trees]
            made.bases = tuple(one for one in bases if isinstance(one, Class)) or made.bases
        return scope

    def names_of(self, part: Part, statements: list[ast.stmt], files: dict[str, dict[str, Any]]) -> set[str]:
        """The names that a text has, also by `from module import *`."""
        found: set[str] = set()
        for one in statements:
            if isinstance(one, ast.ImportFrom) and one.names[0].name == "*":
                found.update(files.get(self.imports.get((part.source.name, one.module or ""), ""), ()))
            elif isinstance(one, ast.Import | ast.ImportFrom):
                found.update(alias.asname or alias.name for alias in one.names)
            else:
                found |= names_set(one)
        return found

    def modules(self) -> set[str]:
        """What the texts call the modules that are files beside them."""
        aliases = [(part.source.name, *one) for part in self.parts for one in renamed_in(part.tree)]
        found = {module.rpartition(".")[2] for _, module in self.imports}
        return found | {alias for file, module, alias in aliases if (file, module) in self.imports}

    def is_left(self, function: ast.FunctionDef) -> bool:
        """Whether a function needs no arguments, and nobody calls it when it is there: its package may do so."""
        place = next(place for place, part in enumerate(self.parts) if function in part.tree.body)
        behind = [one for later in self.parts[place:] for one in later.tree.body]
        return not required_names(function) and not any(calls(one, {function.name}) for one in behind)

    def needed(self, roots: list[Any] | None) -> list[tuple[Part, list[ast.stmt]]]:
        """The statements at the top that define something; of those that compute, what is used. Found once."""
        key = None if roots is None else tuple(map(id, roots))
        if key not in self.found:
            every: list[ast.stmt] = [one for part in self.parts for one in part.tree.body if isinstance(one, DEFINING)]
            modules = self.modules()
            functions = self.functions()
            patching = {name for name, one in functions.items() if only_patches(one)}
            called = [one for part in self.parts for one in part.tree.body if calls(one, patching)]
            last = {name: call_of(functions[name]) for name in patching if self.is_left(functions[name])}
            placing: dict[str, Set[str]] = {name: free(one) for name, one in functions.items()}
            placing.update({name: {name} for one in every if isinstance(one, ast.Assign) for name in names_set(one)})
            changing = [*called, *last.values()]
            used = None if roots is None else names_used([*roots, *changing], every, modules, placing)
            found = [
                (part, [one for one in part.tree.body if is_needed(one, used, placing) or one in called
                        or (used is None and part.source.of_library)]
                 + [last[name] for name in last if functions[name] in part.tree.body])
                for part in self.parts
            ]  # fmt: skip
            self.found[key] = [one for one in found if one[1] or one[0] is self.parts[-1]]
        return self.found[key]


def is_needed(statement: ast.stmt, used: set[str] | None, placing: Mapping[str, Set[str]]) -> bool:
    """Whether a statement at the top defines something that is used; where nobody tells what is, whether it defines
    without computing."""
    if used is None or not isinstance(statement, DEFINING):
        return isinstance(statement, DEFINING[:4])
    return is_used(statement, used, placing)


def only_patches(function: ast.FunctionDef) -> bool:
    """Whether all that a function does is to set attributes, as of a class that gets its operators so."""
    body = [one for one in function.body if not isinstance(one, ast.Import | ast.ImportFrom)]
    body = body[1:] if ast.get_docstring(function) is not None else body
    targets = [target for one in body if isinstance(one, ast.Assign) for target in one.targets]
    return bool(body) and len(targets) == len(body) and all(isinstance(one, ast.Attribute) for one in targets)


def call_of(function: ast.FunctionDef) -> ast.stmt:
    """A statement that calls a function which takes nothing."""
    call = ast.Expr(ast.Call(ast.Name(function.name, ast.Load()), [], []))
    return ast.fix_missing_locations(ast.copy_location(call, function))


def calls(statement: ast.stmt, names: set[str]) -> bool:
    """Whether a statement is a call of one of some functions."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names


def define(run: Interpreter, statement: ast.stmt, scope: Scope) -> None:
    """One statement at the top. Of a `try`, what is done otherwise stands for what nothing is known of, and where a
    library is not known; of an `if`, what its condition chooses."""
    if isinstance(statement, ast.If):
        try:
            chosen = statement.body if run.truth(run.evaluate(statement.test, scope)) else statement.orelse
        except (Problem, Refusal, *ERRORS):
            why = f"line {statement.lineno} could not be read: nobody knows which way it goes"
            for name in names_set(statement):
                scope.names.setdefault(name, Unknown(why))
            return
        for one in chosen:
            if isinstance(one, DEFINING):
                define(run, one, scope)
        return
    if isinstance(statement, ast.Try):
        for one in inside(statement):
            known = [name for name in names_set(one) if not isinstance(scope.names.get(name, Unknown("")), Unknown)]
            lacks = [] if one in statement.body else lacking(run, statement, scope)
            compiled = any((its.later or ("",))[0] for its in lacks)
            nothing = isinstance(one, ast.Assign) and ast.unparse(one.value) == "None" and not compiled  # tf = None
            if isinstance(one, DEFINING) and (not known or lacks) and not nothing:
                define(run, one, scope)
        return
    try:
        run.statement(statement, scope)
    except Problem as problem:
        if problem.kind == "size":
            raise
        stored = [one.id for one in ast.walk(statement) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]
        for name in [*stored, *(names_set(statement) if isinstance(statement, ast.Expr) else ())]:
            why = f"line {problem.line} could not be read: {problem.message}"
            scope.names[name] = Unknown(why, hint=f"give it: {option(f'--{name}', 3)}")
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            scope.names[statement.name] = Unknown(f"line {problem.line} could not be read: {problem.message}")


def lacking(run: Interpreter, statement: ast.Try, scope: Scope) -> list[Unknown]:
    """Where a `try` fails as it imports: libraries, of which nothing is known here, and modules of its own package that
    are no files, as what is compiled is none."""
    catching = [ast.unparse(one.type) for one in statement.handlers if one.type is not None]
    names = [name for one in statement.body if isinstance(one, ast.Import | ast.ImportFrom) for name in names_set(one)]
    unknown = [one for name in names if isinstance(one := scope.names.get(name), Unknown)]
    caught = any("Import" in one or "Module" in one for one in catching)
    return [one for one in unknown if caught and (one.later or ("",))[0] in ("", run.source.name)]


def added_folders(tree: ast.Module) -> list[str]:
    """The folders that a text adds to those of its modules, as far as it says them: `sys.path.append("lib")`."""
    calls = [one.value for one in tree.body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)]
    added = [call for call in calls if ast.unparse(call.func) in ("sys.path.append", "sys.path.insert")]
    texts = [node.value for call in added for node in ast.walk(call) if isinstance(node, ast.Constant)]
    return [one.strip("./").replace("/", ".") for one in texts if isinstance(one, str) and one.strip("./")]


def imported_modules(tree: ast.Module, own: Set[str] = frozenset()) -> list[str]:
    """The modules that a text imports and that are no libraries, or in a package of its `own` that is called as one.
    What is imported from one may be one itself. Where they lie is found out."""
    names: list[str] = []
    here: set[str] = set()  # that are looked for beside the text whatever they are called
    top = [one for statement in tree.body for one in inside(statement)]
    for one in dict.fromkeys([*top, *ast.walk(tree)]):  # in functions, too, as a package in a circle has them
        if isinstance(one, ast.Import):
            names += [alias.name for alias in one.names]
        elif isinstance(one, ast.ImportFrom):
            names += [one.module] if one.module else [""] if one.level == 1 else []  # "" is the package itself
            names += [f"{one.module or ''}.{alias.name}".lstrip(".") for alias in one.names if alias.name != "*"]
            here.update([one.module] if one.module and one.level else [])
    here.update(name for name in names if name.startswith("autograd.") and name.split(".")[1] not in OF_AUTOGRAD)
    here.update(name for name in names if name.partition(".")[0] in own)
    return [name for name in dict.fromkeys(names) if name in here or name.partition(".")[0] not in KNOWN | OF_OTHERS]


@lru_cache(MOST_KEPT)
def renamed_in(tree: ast.Module) -> list[tuple[str, str]]:
    """What a text imports under a name of its own, also in functions; it may be a module: `from . import nn as F`."""
    imports = [one for one in ast.walk(tree) if isinstance(one, ast.Import | ast.ImportFrom)]
    return [
        (f"{getattr(one, 'module', None) or ''}.{alias.name}".lstrip("."), alias.asname)
        for one in imports for alias in one.names if alias.asname
    ]  # fmt: skip


OF_AUTOGRAD = frozenset([  # the library; a package of the user's may be called so
    "numpy", "scipy", "extend", "core", "tracer", "differential_operators", "misc", "builtins", "util", "wrap_util",
    "test_util", "grad", "jacobian", "hessian", "elementwise_grad", "value_and_grad", "primitive", "np", "Function",
])  # fmt: skip
OF_TENSORS = frozenset([
    "view", "unsqueeze", "permute", "mm", "bmm", "t", "expand", "clamp", "clamp_min", "masked_fill", "detach", "clone",
    "index_add_", "scatter_", "pow", "masked_fill_", "contiguous", "type_as", "clamp_",
])  # fmt: skip  # methods that torch alone has


def uses_torch(trees: list[Any], texts: list[ast.Module]) -> bool:
    """Whether a pass is written with torch: then its arrays are tensors."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    if names & {"np", "numpy", "jnp", "jax"}:
        return False
    roots = roots_of(texts)
    if "torch" in names or ("torch" in roots and not roots & {"numpy", "jax"}):
        return True
    return any(map(is_of_tensors, nodes)) and ("torch" in roots or not roots & {"numpy", "jax"})


def roots_of(texts: list[ast.Module]) -> set[str]:
    """The libraries that some texts import, or import something of."""
    return {
        path.partition(".")[0]
        for text in texts
        for statement in text.body
        for node in inside(statement)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for path in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }


def is_of_tensors(node: Any) -> bool:
    """Whether a call is one that only torch has: `F.relu(x)` (while F alone is often a number of filters), `x.t()`,
    `x.sum(1, keepdim=True)`."""
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if any(one.arg in ("keepdim", "dim") for one in node.keywords):
        return True
    if not isinstance(function, ast.Attribute):
        return False
    of_library = isinstance(function.value, ast.Name) and function.value.id == "F"
    return of_library or function.attr in OF_TENSORS


def sets_property(method: ast.FunctionDef) -> bool:
    """Whether a method is what sets or deletes a property, which is read by another one of its name."""
    return any(isinstance(one, ast.Attribute) and one.attr in ("setter", "deleter") for one in method.decorator_list)
