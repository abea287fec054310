"""What the engine builds when a rule of the grammar is complete: the nodes of the AST."""

from __future__ import annotations

from backprop.errors import LARGEST, Problem
from backprop.errors.light import Any, Callable
from backprop.gates import GATES, NAMES
from backprop.language.lexer import FRACTIONS, MODULES, SUPERSCRIPTS
from backprop.language.program import Call, Program

BLANKS = " \t\r\n\f\u00a0\u202f\u205f\u2060\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200C))
)  # those of the grammar
BEHIND_NAMES = "+-*/" + BLANKS  # in the tokens of assignments
METHODS = {"t": "transpose", "view": "reshape", "clamp": "clip"}  # of torch, with our names
SHAPED = frozenset(["reshape", "transpose"])  # which take a shape as one argument
ROOTS = {"√": "sqrt", "∛": "cbrt"}
AUGMENTING = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
SLICES = {  # where among a slice's symbols its start, stop and step stand; the others are colons
    "slice": (None, None, None),
    "slice_to": (None, 1, None),
    "slice_from": (0, None, None),
    "slice_from_to": (0, 2, None),
    "slice_by": (None, None, 2),
    "slice_to_by": (None, 1, 3),
    "slice_from_by": (0, None, 3),
    "slice_from_to_by": (0, 2, 4),
}


def canonical_name(name: str) -> str:
    """The form in which names are compared, NFKC, as in Python: 𝜃 is θ, µ (the unit) is μ (the letter), x₁ is x1."""
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFKC", name)


def fraction(character: str) -> float:
    from unicodedata import numeric

    return numeric(character)


def listed(items: Any) -> list[Any]:
    """A list of the grammar's: one item stands for itself."""
    return items if items.__class__ is list else [items]


class Builder:
    """Appends nodes and statements to a program. A handler takes the values of a rule's symbols (a node for an operand,
    the token's number for a token), and the rule's first and last token; what it returns stands for the rule.
    """

    def __init__(self, program: Program, tokens: list[str]) -> None:
        self.program = program
        self.tokens = tokens
        self.adders = (program.ops.append, program.operands.append, program.firsts.append, program.lasts.append)
        self.add_statement = program.statements.add
        self.leaves: dict[str, int] = {}  # the node of each token that was seen as a leaf
        self.any_keywords = False
        self.start = 0  # the first node of the statement that is read
        self.called: dict[str, str] = {}  # the name in each token that opened a call
        self.defined: set[str] = set()  # the user's own functions

    def node(self, op: str, operands: Any, first: int, last: int) -> int:
        """Append a node and return its number."""
        add_op, add_operands, add_first, add_last = self.adders
        add_op(op)
        add_operands(operands)
        add_first(first)
        add_last(last)
        return len(self.program.ops) - 1

    def leaf(self, op: str, token: str, index: int) -> int:
        """A leaf for a token; every further one that reads alike is the same node."""
        read = {"number": self.number, "name": self.name, "string": self.string}[op]
        self.leaves[token] = node = self.node(op, read(token, index), index, index)
        return node

    def string(self, token: str, index: int) -> str:
        """A text without its quotes."""
        return token[1:-1]

    def number(self, token: str, index: int) -> float:
        """The value of a literal; one beyond the range of float64 is a mistake, not an infinity."""
        value = fraction(token) if token in FRACTIONS else float(token)
        if value == float("inf"):
            shown = token if len(token) < 40 else token[:36] + "…"
            raise self.problem(
                f"{shown} is beyond the largest number, {LARGEST}", index, index, "write inf for infinity"
            )
        return value

    def name(self, token: str, index: int) -> str:
        """A name as it is compared with others."""
        if token.isascii():
            return token
        name = canonical_name(token)
        if not name.isidentifier() or "·" in name or any(character in SUPERSCRIPTS for character in token):
            from backprop.language.mistakes import not_a_name

            raise not_a_name(self.program, self.tokens, index)
        return name

    def name_before(self, index: int) -> str:
        """The name in a token that also holds its "(" or "="."""
        token = self.tokens[index]
        name = token[:-1].rstrip(BEHIND_NAMES)
        return name if name.isascii() else self.name(name, index)

    def problem(self, message: str, first: int, last: int, hint: str) -> Problem:
        """A mistake that is none of the grammar's, at a run of tokens."""
        return self.program.problem("syntax", message, [self.program.tokens_span(first, last)], hint)

    # ── operators ──

    def on_negate(self, values: list[Any], first: int, last: int) -> int:
        """A sign before a literal belongs to the literal: x^-2 has a constant exponent, and -1 is no gate."""
        operand = values[1]
        if self.program.ops[operand] == "number" and last == first + 1:
            return self.negative(operand, first)
        return self.node("negate", (operand,), first, last)

    def negative(self, operand: int, first: int) -> int:
        """The leaf of a literal with a sign. The literal that was just made for it is none by itself."""
        program, literal = self.program, self.tokens[first + 1]
        node = self.leaves.get("-" + literal)
        if operand == len(program.ops) - 1 and program.firsts[operand] == first + 1:
            del self.leaves[literal]
            for column in (program.ops, program.operands, program.firsts, program.lasts):
                column.pop()
        if node is None:
            value = -self.number(literal, first + 1)
            self.leaves["-" + literal] = node = self.node("number", value, first, first + 1)
        return node

    def on_plus(self, values: list[Any], first: int, last: int) -> Any:
        return values[1]

    on_group = on_plus

    def on_transpose(self, values: list[Any], first: int, last: int) -> int:
        return self.node("transpose", (values[0],), first, last)

    def on_raised(self, values: list[Any], first: int, last: int) -> int:
        """x² is x^2, and xⁿ is x^n."""
        exponent = canonical_name(self.tokens[last]).replace("−", "-")
        plain = exponent.lstrip("+-")
        if plain.isdecimal():
            return self.node("power", (values[0], self.node("number", float(exponent), last, last)), first, last)
        node = self.leaves.get(plain)
        if node is None:
            self.leaves[plain] = node = self.node("name", plain, last, last)
        if exponent[0] == "-":
            node = self.node("negate", (node,), last, last)
        return self.node("power", (values[0], node), first, last)

    def on_root(self, values: list[Any], first: int, last: int) -> int:
        return self.node("call", Call(ROOTS[self.tokens[first]], (values[1],), ()), first, last)

    def on_absolute(self, values: list[Any], first: int, last: int) -> int:
        return self.node("call", Call("abs", (values[1],), ()), first, last)

    def on_norm(self, values: list[Any], first: int, last: int) -> int:
        return self.node("call", Call("norm", (values[1],), ()), first, last)

    def on_index(self, values: list[Any], first: int, last: int) -> int:
        return self.node("index", (values[0], *listed(values[2])), first, last)

    def on_ellipsis(self, values: list[Any], first: int, last: int) -> int:
        return self.node("ellipsis", (), first, last)

    def slice(self, places: tuple[int | None, ...], values: list[Any], first: int, last: int) -> int:
        return self.node("slice", tuple(None if at is None else values[at] for at in places), first, last)

    # ── calls and arrays ──

    def on_call(self, values: list[Any], first: int, last: int) -> int:
        arguments = values[1] if len(values) > 2 else []
        positional = tuple(arguments) if arguments.__class__ is list else (arguments,)
        keywords: tuple[tuple[str, int], ...] = ()
        if self.any_keywords:
            positional, keywords = self.split_keywords(positional, (first, last))
        token = self.tokens[first]
        name = self.called.get(token)
        if name is None:
            self.called[token] = name = self.name_before(first)
        add_op, add_operands, add_first, add_last = self.adders  # as node() does: calls are many
        add_op("call")
        add_operands(Call(name, positional, keywords))
        add_first(first)
        add_last(last)
        return len(self.program.ops) - 1

    def on_method(self, values: list[Any], first: int, last: int) -> int:
        """`x.sum(0)`: a function behind its first input, whose axis may stand without its name."""
        operand, opening, arguments = values[0], values[1], values[2] if len(values) > 3 else []
        positional = tuple(arguments) if arguments.__class__ is list else (arguments,)
        positional, keywords = self.split_keywords(positional, (first, last)) if self.any_keywords else (positional, ())
        name = METHODS.get(found := canonical_name(self.tokens[opening][1:-1].strip(BLANKS)), found)
        library = self.program.ops[operand] == "name" and self.program.operands[operand] in MODULES
        if library or not (name in self.defined or name in NAMES):
            from backprop.language.mistakes import no_method

            raise no_method(self.program, self.tokens, opening)
        if len(positional) == 1 and self.is_number(positional[0]) and name in GATES and GATES[name].reduces:
            keywords, positional = (("axis", positional[0]), *keywords), ()
        elif name in SHAPED and len(positional) > 1:
            positional = (self.node("array", positional, opening + 1, last - 1),)
        return self.node("call", Call(name, (operand, *positional), keywords), first, last)

    def is_number(self, node: int) -> bool:
        """Whether a node is a number as it is written, maybe with its sign."""
        ops = self.program.ops
        return ops[node] == "number" or (ops[node] == "negate" and ops[self.program.operands[node][0]] == "number")

    def split_keywords(
        self, arguments: tuple[Any, ...], tokens: tuple[int, int]
    ) -> tuple[tuple[int, ...], tuple[tuple[str, int], ...]]:
        """The arguments by position, and those by name, which stand behind them, of a call."""
        named = [isinstance(argument, tuple) for argument in arguments]
        place = named.index(True) if True in named else len(named)
        for argument in arguments[place:]:
            if isinstance(argument, int):
                message = "this argument has no name, but stands behind one that has"
                hint = "arguments by position come first, then those by name: sum(A, axis=0)"
                raise self.program.problem("syntax", message, [argument], hint, tokens)
        return arguments[:place], arguments[place:]

    def on_keyword(self, values: list[Any], first: int, last: int) -> tuple[str, int]:
        self.any_keywords = True
        return self.name_before(first), values[1]

    def on_array(self, values: list[Any], first: int, last: int) -> int:
        return self.node("array", tuple(listed(values[1]) if len(values) > 2 else ()), first, last)

    def on_tuple(self, values: list[Any], first: int, last: int) -> int:
        rest = listed(values[3]) if len(values) > 4 else []
        return self.node("array", (values[1], *rest), first, last)

    def on_more(self, values: list[Any], first: int, last: int) -> list[Any]:
        items = listed(values[0])
        items.append(values[2])
        return items

    # ── statements ──

    # A line's values, and its first token, may stand behind None and a separator: the lines above.

    def on_result(self, values: list[Any], first: int, last: int) -> None:
        self.statement("result", "", (), values[-1], values[1] + 1 if len(values) > 1 else first, last)

    def on_assignment(self, values: list[Any], first: int, last: int) -> None:
        value, first = values[-1], values[-2]
        name = self.tokens[first][:-1].rstrip(BEHIND_NAMES)  # as name_before() and statement() do: lines are many
        if not name.isascii():
            name = self.name(name, first)
        start, self.start = self.start, len(self.program.ops)
        self.add_statement("assignment", name, (), (value, start, self.start, first, last))

    def on_augmented(self, values: list[Any], first: int, last: int) -> None:
        """x += y is x = x + y."""
        value, first = values[-1], values[-2]
        name, gate = self.name_before(first), AUGMENTING[self.tokens[first][-2]]
        read = self.leaves.get(name)
        if read is None:
            self.leaves[name] = read = self.node("name", name, first, first)
        value = self.node(gate, (read, value), first, last)
        self.statement("assignment", name, (), value, first, last)

    def on_definition(self, values: list[Any], first: int, last: int) -> None:
        first, inputs = values[:2] if values[0] is not None else values[2:4]
        parameters = listed(inputs)
        for i, parameter in enumerate(parameters):
            if not isinstance(parameter, int) or self.program.ops[parameter] != "name":
                raise self.not_a_parameter(parameter)
            index = first + 1 + 2 * i
            if self.program.firsts[parameter] != index:  # x stood in an earlier line: the parameter is another one
                parameters[i] = self.node("name", self.program.operands[parameter], index, index)
        name = self.name_before(first)
        self.defined.add(name)
        self.statement("definition", name, tuple(parameters), values[-1], first, last)
        self.leaves.clear()  # outside again, x is another x than inside

    def statement(self, kind: str, name: str, parameters: tuple[int, ...], value: int, first: int, last: int) -> None:
        start, self.start = self.start, len(self.program.ops)
        self.add_statement(kind, name, parameters, (value, start, self.start, first, last))

    def not_a_parameter(self, parameter: int | tuple[str, int]) -> Problem:
        node = parameter if isinstance(parameter, int) else parameter[1]
        return self.problem(
            "a function's inputs are plain names",
            self.program.firsts[node],
            self.program.lasts[node],
            "write it like neuron(w, x, b) = sigmoid(w*x + b); to compare, write ==",
        )


def handler(alias: str) -> Callable[[Builder, list[Any], int, int], Any] | None:
    """The method that builds what a rule with this alias means; None where it stands for its first symbol."""
    if alias in SLICES:
        return lambda builder, values, first, last: builder.slice(SLICES[alias], values, first, last)
    return getattr(Builder, f"on_{alias}", None)
