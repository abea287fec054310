"""What the shared options ask: the expression, the point, and what to make of it, read and checked."""

from __future__ import annotations

import os

from backprop.circuit import Circuit
from backprop.cli.reading import PROGRAMS, meant, name_of, named_value, names_of, raise_bounds, read_text, value_of
from backprop.cli.words import Call, Words, meant_option, owner
from backprop.errors import MOST_NAMED, Problem, enumerated, nearest, no_variable
from backprop.errors.light import Any, Collection, Mapping
from backprop.gates import CONSTANTS, NAMES
from backprop.language import canonical_name
from backprop.language.program import Program
from backprop.library import Compiled, Evaluation
from backprop.library.values import Random, Value, read_variables


class Teller:
    """Who says on standard error what is worth a line beside the answer, if that is wanted."""

    quiet: bool
    color: str

    def told(self, text: str) -> None:
        """Say it."""
        if not self.quiet:
            from backprop.cli.failures import note

            note(text, self.color)

    def told_seed(self, random: Random, seed: int | None) -> None:
        """Say which seed nobody has chosen, so that the same can be had again."""
        if random.used and seed is None:
            self.told(f"the random values are those of --seed {random.seed}")

    def used(self, values: Mapping[str, Value], wanted: Collection[str], path: str) -> dict[str, Value]:
        """The values of a file that somebody wants; the others are named."""
        unused = [name for name in values if name not in wanted]
        if unused:
            self.told(f"{name_of(path)} has values that are not used: {enumerated(unused)}")
        return {name: value for name, value in values.items() if name in wanted}


class Question(Teller):
    """What the shared options ask: a formula, a point, and what to make of it."""

    def __init__(
        self, compiled: Compiled, at: dict[str, Value], wrt: list[str] | None, upstream: Value | None, random: Random,
        strict: bool, quiet: bool, color: str,
    ) -> None:  # fmt: skip
        self.compiled, self.at, self.wrt, self.upstream = compiled, at, wrt, upstream
        self.random, self.strict, self.quiet, self.color = random, strict, quiet, color

    def answer(self) -> Evaluation:
        """The evaluation that was asked for."""
        return self.compiled.evaluate(self.at, upstream=self.upstream, wrt=self.wrt)


def question(call: Call, *, needs_point: bool = True, **shared: Any) -> Question:
    """Read and parse all that the shared options name. Raises a Problem for whatever is wrong with it.

    Without `needs_point`, a command can do without values: then there may be none at all.
    """
    return Asking(call, needs_point, **shared).question()


class Asking(Teller):
    """The shared options on their way to a question."""

    def __init__(
        self, call: Call, needs_point: bool, *, expression: str | None, file: str | None, assignments: tuple[str, ...],
        variables: str | None, wrt: str | None, upstream: str | None, seed: int | None, ties: str, expand: bool,
        strict: bool, quiet: bool, color: str, result: str | None, bounds: tuple[str, ...],
    ) -> None:  # fmt: skip
        raise_bounds(bounds)
        self.call, self.needs_point, self.result = call, needs_point, result
        self.expression, self.file = expression, file
        if expression is not None and file is None and is_program_file(expression):
            self.expression, self.file = None, expression
        self.assignments, self.variables, self.upstream = assignments, variables, upstream
        self.wrt = names_of(wrt)
        self.seed, self.random, self.ties, self.expand = seed, Random(seed), ties, expand
        self.strict, self.quiet, self.color = strict, quiet, color

    def question(self) -> Question:
        """The question: about code that is traced, or about a formula."""
        self.check_standard_input()
        both = self.expression is not None and self.file is not None
        named = None if both else code_named(self.expression, self.file)
        if named is not None:
            return self.about_code(*named)
        text, source = read_expression(self.expression, self.file, self.call.words)
        if source is not None and source.endswith(".ipynb"):
            return self.about_code(source)
        if source is not None and source.endswith(".py"):
            return self.about_listing(text, source)
        if self.result is not None:
            raise Problem("option", "--output chooses a result of Python code", hint="to write to a file: -o FILE")
        return self.about_formula(compiled_formula(text, source, self.ties, self.expand, self.assignments))

    def check_standard_input(self) -> None:
        """Standard input can be read once."""
        values = [*(assignment.partition("=")[2] for assignment in self.assignments), self.upstream]
        if [self.file, self.variables, *values].count("-") + values.count("@-") > 1:
            raise Problem("option", "standard input can hold one thing: the expression, --vars, or one value")

    def about_code(self, path: str, name: str = "") -> Question:
        """The question about Python code, traced at the point."""
        from backprop.cli.arguments import runner_for
        from backprop.library.traced import as_called, trace

        above = self.above()
        outputs = None if self.result is None else [name.strip() for name in self.result.split(",")]
        runner, remarks = as_called(runner_for(path, name, self.variables, self.assignments, self.random))
        compiled, found = trace(runner, name, outputs=outputs, upstream=above, ties=self.ties, expand=self.expand)
        decided = [f"taken at this point: {decision}" for decision in found.decided]
        for remark in [*remarks, *found.source.remarks(), *decided]:
            self.told(remark)
        return self.asked(compiled, found.at, above)

    def about_listing(self, text: str, source: str) -> Question:
        """The question about a file of Python: its lines are a formula, or else code to be traced."""
        try:
            compiled = compiled_formula(forward_part(text, source), source, self.ties, self.expand)
        except Problem as problem:
            try:
                return self.about_code(source)
            except Problem as other:
                named = other.kind == "name" and other.line is None  # nothing in it is meant before a part is named
                raise (other if named or (other.line or 0) >= (problem.line or 0) else problem) from None
        return self.about_formula(compiled) if self.result is None else self.about_code(source)

    def about_formula(self, compiled: Compiled) -> Question:
        compiled, at = self.point(compiled)
        above = self.above()
        self.told_seed(self.random, self.seed)
        return self.asked(compiled, at, above)

    def point(self, compiled: Compiled) -> tuple[Compiled, dict[str, Value]]:
        """A value for each variable; and the formula, settled where there is none."""
        path = self.variables
        found = {} if path is None else read_variables(read_text(path), name_of(path), self.random)
        given = {canonical_name(name): value for name, value in found.items()}
        written = dict(map(named_value, self.assignments))
        wanted = compiled.variables_given({**compiled.listed, **given, **written})
        at = compiled.point(self.used(given, set(wanted), path or ""))
        if not (self.needs_point or given or written) and set(at) < set(compiled.variables_given(at)):
            compiled, at = compiled.settled(), {}  # without a point, what the text sets is a number with a name
        if self.needs_point or at or written:
            check_names(compiled, {**at, **written}, self.call)
        at.update({name: value_of(value, name, self.random) for name, value in written.items()})
        return compiled, at

    def above(self) -> Value | None:
        """The gradient on the output, where it is given."""
        return None if self.upstream is None else value_of(self.upstream, "--upstream", self.random)

    def asked(self, compiled: Compiled, at: dict[str, Value], above: Value | None) -> Question:
        """All that is known, as a question."""
        return Question(compiled, at, self.wrt, above, self.random, self.strict, self.quiet, self.color)


def code_named(expression: str | None, file: str | None) -> tuple[str, str] | None:
    """The file and the function or class in it that a word names, `layers.py:affine_forward`."""
    found = meant(file or expression)
    return None if found is None or found.name is None else (found.path, found.name)


def is_program_file(word: str) -> bool:
    """Whether a word is the name of a file of code that is there; one that is not there is no formula either."""
    if word == "-":
        raise Problem("file", "- is no expression", hint="to read one from standard input: -f -")
    if (word[:1] in ("/", ".") or word[-1:] == "/") and os.path.isdir(word):  # what no formula begins or ends with
        raise Problem("file", f"{word} is a folder, and no file of code")
    path, colon, name = word.rpartition(":")
    path = path if colon and name.isidentifier() else word
    if not path.endswith(PROGRAMS) or "\n" in path:
        return False
    if not os.path.exists(path):
        folder = os.path.dirname(path)
        near = nearest(os.path.basename(path), os.listdir(folder or ".") if os.path.isdir(folder or ".") else [])
        hint = f"did you mean {os.path.join(folder, near)}?" if near else ""
        raise Problem("file", f"there is no file {path}", hint=hint)
    return os.path.isfile(word)


def read_expression(expression: str | None, file: str | None, words: Words) -> tuple[str, str | None]:
    """The text of the expression, and the name of the file that it came from."""
    if file is None and expression is not None and is_program_file(expression):
        expression, file = None, expression
    if expression is not None and file is not None:
        raise Problem("option", f"there are two expressions: {expression}, and the file {file}")
    named = code_named(expression, file)
    if named is not None:
        message = f"{named[1]} is traced at one point, and this command needs a formula that holds at many"
        hint = f"`backprop code -f {file or expression} --to numpy` writes a program to be called in a loop"
        raise Problem("option", message, hint=hint)
    if file is not None:
        return read_text(file), name_of(file)
    if expression is None:
        near = next((known for option in words.unknown if (known := nearest(option, words.known))), None)
        hint = (
            f"did you mean {near}?"
            if near
            else 'give it as an argument, "(x+y)*z", or as a file, -f FILE (-f - is standard input)'
        )
        raise Problem("option", "there is no expression", hint=hint)
    return expression, None


def forward_part(text: str, source: str | None) -> str:
    """Of a listing in Python that holds both passes, the forward pass, without what makes room for gradients in it."""
    if source is None or not source.endswith(".py"):
        return text
    from backprop.python.pairs.trained import split_pair
    from backprop.python.texts.source import part_of

    try:
        part = part_of(text, source)
    except Problem:
        return text  # whose problem is told by the reader
    pair = split_pair(part)
    if pair is None:
        return text
    body = pair.body or part.tree.body
    spans = [part.source.span(one) for one in body[pair.split - 1 :]]
    found = text[: spans[0].end]
    for room in (one for one in spans[1:] if one.end <= len(found)):
        found = found[: room.start] + " " * (room.end - room.start) + found[room.end :]
    return found


def compiled_formula(
    text: str, source: str | None, ties: str, expand: bool, assignments: tuple[str, ...] = ()
) -> Compiled:
    """The formula, parsed; what looks like the name of a file that is there probably is one. A cure knows the names
    that are given a value."""
    try:
        return Compiled(text, ties=ties, expand=expand, source=source)
    except Problem as problem:
        if assignments and "write " in problem.hint:
            given = dict(map(named_value, assignments))
            said, _, cures = problem.hint.rpartition("write ")
            problem.hint = f"{said}write {', or '.join(taken_apart(cure, given) for cure in cures.split(', or '))}"
        if source is None and len(text) < 256 and os.path.isfile(text):
            from shlex import quote

            problem.hint = f"is it a file? -f {quote(text)}"
        if source is not None and source.endswith(".json"):
            problem.hint = f"values are read from JSON, and no formula: --vars {source}"
        raise


def check_names(compiled: Compiled, at: Mapping[str, object], call: Call) -> None:
    """Every value has a variable, and every variable a value; what is missing is offered as a command to paste."""
    variables = dict.fromkeys(compiled.variables_given(at))
    for name in at:
        if name not in variables:
            raise no_option(compiled, name, at, call.words)
    missing = [name for name in variables if name not in at]
    if missing:
        problem = compiled.missing(missing)
        meant = [hint for name in missing[:MOST_NAMED] if (hint := otherwise_meant(name, compiled.program))]
        if meant:
            problem.hint = meant[0]
        elif len(missing) > MOST_NAMED:
            problem.hint = "give many values as a JSON object: --vars FILE"
        else:  # these are tried
            words = pasted(call.words, examples_for(compiled, at, missing))
            problem.hint = f"for example: {call.path} {' '.join(words)}"
        raise problem


def examples_for(compiled: Compiled, at: Mapping[str, object], missing: list[str]) -> dict[str, str]:
    """A value for each name that has none, beside those that were typed."""
    from backprop.library.examples import examples_of

    random = Random(0)
    try:
        known = {name: value_of(value, name, random) if isinstance(value, str) else value for name, value in at.items()}
    except Problem:  # of a value, which is told when all names have one
        return dict.fromkeys(missing, "1")
    return examples_of(compiled, known, missing)


def otherwise_meant(name: str, program: Program) -> str:
    """What a name without a value may have been meant to be, if it is no variable."""
    from re import findall, sub

    text = program.text
    own = next((one for one in program.statements if one.kind == "definition" and one.name == name), None)
    if own is not None:
        inputs = ", ".join(str(program.operands[node]) for node in own.parameters)
        return f"{name} is a function, whose input stands in brackets: {name}({inputs})"
    if name == "T" and (transposed := sub(r"\s*(?:\^|\*\*)\s*T\b", ".T", text)) != text:
        return f"the transpose is written .T: write {transposed.strip()}"
    if any(name in quotient for quotient in findall(r"\b([d∂]\w*)\s*/\s*([d∂]\w+)", text)):
        return "gradients are the answer, and not part of the question: write the function alone"
    function = name.rstrip("0123456789")
    if function != name and function in NAMES and name not in NAMES:
        return f"a function has its input in brackets: {function}({name[len(function) :]})"
    return f"a function has its input in brackets: {name}(x)" if name in NAMES else ""


def multiplied(name: str, given: Mapping[str, object]) -> str:
    """A name as what it is of two that are given: mx as m*x, of a matrix as W @ x, cosx as cos(x); else nothing."""
    for place in range(1, len(name)):
        one, other = name[:place], name[place:]
        if other not in given or one == other:
            continue
        if one in given or one in CONSTANTS or one == "π":
            is_matrix = str(given.get(one)).lstrip().startswith("[[")
            return f"{one} @ {other}" if is_matrix else f"{one}*{other}"
        if one in NAMES:
            return f"{one}({other})"
    return ""


def taken_apart(text: str, given: Mapping[str, object]) -> str:
    """A formula with each name that is two of those given as what it is of them."""
    import re

    def parts(found: re.Match[str]) -> str:
        name = found["name"]
        product = "" if name in given or name in NAMES else multiplied(name, given)
        below = found["before"] and "(" not in product and product
        return f"{found['before']}({product})" if below else f"{found['before']}{product or name}"

    return re.sub(r"(?P<before>(?:[/^]\s*)?)\b(?P<name>[^\W\d]\w*)", parts, text)


def no_option(compiled: Compiled, name: str, at: Mapping[str, object], words: Words) -> Problem:
    """The problem that a name is none of the variables."""
    variables = compiled.variables_given(at)
    of = owner(f"--{name}")
    meant = meant_option(name, words.known)
    if of == "eval" or (of and not nearest(name, variables)):
        hint = f"did you mean {meant}?" if meant else ""
        return Problem("option", f"--{name} is an option of backprop {of}", hint=hint)
    if compiled.has_stage(name):
        hint = "the program gives it its value: only its inputs are options"
        return Problem("variable", f"{name} is a stage of the program, and not an input", hint=hint)
    if name[0] == "d" and name[1:] in variables and "--claim" in words.known:
        return Problem("option", f"{name} is a gradient, and no variable", hint=f"to have it judged: --claim {name}=…")
    missing = [variable for variable in variables if variable not in at]
    for other in missing[:MOST_NAMED]:
        if hint := otherwise_meant(other, compiled.program):
            problem = compiled.missing([other])
            problem.hint = hint
            return problem
    glued = next((one for one in missing if multiplied(one, at)), "")
    if glued:
        problem = compiled.missing([glued])
        cure = taken_apart(compiled.program.text, at).strip()
        problem.message = f"{glued} is one name, and it has no value"
        problem.hint = f"write {cure}" if multiplied(glued, at).endswith(")") else f"to multiply, write {cure}"
        return problem
    options = [f"--{variable}" for variable in missing] + sorted(words.known)
    problem = no_variable(name, variables)
    option = meant or nearest(f"--{name}", options)
    if option:
        problem.hint = f"did you mean {option}?"
    return problem


def pasted(words: Words, missing: Mapping[str, str]) -> list[str]:
    """The words of this command line, with the missing values added."""
    import shlex

    given = iter(words.options)
    line = [shlex.quote(word) for word in words.positional]
    for word in given:
        if word == "--set":
            name, _, value = next(given).partition("=")
            option = [f"--{name}"] if f"--{name}" not in words.known else ["--set"]
            line += [*option, shlex.quote(value if option[0] != "--set" else f"{name}={value}")]
        else:
            line.append(shlex.quote(word))
    for name, value in missing.items():
        typed = shlex.quote(value)
        line.append(f"--set {name}={typed}" if f"--{name}" in words.known else f"--{name} {typed}")
    return line


def check_gates(circuit: Circuit, most: int, what: str, done: str) -> None:
    """Refuse what would take minutes and gigabytes, before it is tried."""
    gates = sum(1 for inputs in circuit.inputs if inputs)
    if gates > most:
        hint = "eval has the values and gradients of any number of gates, map those of many rows"
        raise Problem("size", f"{what} of {gates:,} gates is too large: at most {most:,} are {done}", hint=hint)
