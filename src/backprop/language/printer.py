"""From the AST back to text, with no more brackets than needed. The one place that knows how operators are spelt.

Printing is a fixed point: the text that is printed parses into the same program, which is printed as the same text.
"""

from __future__ import annotations

from backprop.errors.light import Any, Iterable, NamedTuple, Sequence
from backprop.language.program import Call, Program, Statement

# How tightly a text holds together, loosest first: the levels of the grammar.
COMPARISON, SUM, PRODUCT, UNARY, POWER, POSTFIX, ATOM = range(1, 8)


class Operator(NamedTuple):
    """How a gate is written as an operator."""

    symbol: str
    precedence: int
    left: int  # what the operand to the left must hold together with at least; 0 where there is none
    right: int  # and the one to the right: more than the operator itself, where a - b - c is (a - b) - c

    def spaced(self) -> str:
        """The symbol as it stands between its operands."""
        return self.symbol if self.precedence >= POWER else f" {self.symbol} "


OPERATORS: dict[str, Operator] = {
    "less": Operator("<", COMPARISON, SUM, SUM),
    "less_equal": Operator("<=", COMPARISON, SUM, SUM),
    "greater": Operator(">", COMPARISON, SUM, SUM),
    "greater_equal": Operator(">=", COMPARISON, SUM, SUM),
    "equal": Operator("==", COMPARISON, SUM, SUM),
    "not_equal": Operator("!=", COMPARISON, SUM, SUM),
    "add": Operator("+", SUM, SUM, PRODUCT),
    "subtract": Operator("-", SUM, SUM, PRODUCT),
    "multiply": Operator("*", PRODUCT, PRODUCT, UNARY),
    "divide": Operator("/", PRODUCT, PRODUCT, UNARY),
    "matmul": Operator("@", PRODUCT, PRODUCT, UNARY),
    "negate": Operator("-", UNARY, 0, UNARY),
    "power": Operator("^", POWER, POSTFIX, UNARY),
    "transpose": Operator(".T", POSTFIX, POSTFIX, 0),
}


def number_text(value: float) -> str:
    """The shortest text that reads back as the very same number: 2, 0.5, 1e-5, inf, nan."""
    mantissa, exponential, exponent = repr(float(value)).partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponential else mantissa


def rounded(value: float, digits: int = 6) -> float:
    """A number to so many digits, and without the sign of a zero."""
    return float(f"{value:.{digits}g}") + 0.0


def short(value: float, digits: int = 6) -> str:
    """A number in a sentence, to so many digits."""
    return number_text(rounded(value, digits))


def holds(text: str) -> int:
    """How tightly an operand holds together that is a name, a call, or a number, which may have a sign."""
    return UNARY if text.startswith("-") else ATOM


def infix(gate: str, operands: Sequence[str], precedences: Sequence[int] | None = None) -> str:
    """A gate with its operands as a person would write it: `q1 * z`, `-q1^2`, `(-2)^2`, `max(x, y)`.

    `precedences` say how tightly each operand's text holds together (COMPARISON … ATOM); without them, operands are
    names, calls or numbers.
    """
    operator = OPERATORS.get(gate)
    if operator is None:
        return f"{gate}({', '.join(operands)})"
    levels = [holds(text) for text in operands] if precedences is None else precedences
    left, right = operator.left, operator.right
    parts = []
    if left:
        parts.append(enclosed(operands[0], levels[0], left, gate))
    if right:
        parts.append(enclosed(operands[-1], levels[-1], right, gate))
    if not left:
        return operator.symbol + parts[0]
    return operator.spaced().join(parts) if right else parts[0] + operator.symbol


def enclosed(text: str, level: int, least: int, gate: str) -> str:
    """An operand's text, in brackets where it would come apart, or where the operator would melt into a number."""
    melts = gate in MELTS and level == ATOM and text[0] in "0123456789"
    return f"({text})" if level < least or melts else text


# -2 is a number, and not a gate on 2; and in 2.T the dot belongs to the number.
MELTS = frozenset(["negate", "transpose"])


# ── whole programs ──


def unparse(program: Program) -> str:
    """The text of a program, its statements separated by `; `."""
    return "; ".join(unparse_statement(program, statement) for statement in program.statements)


def unparse_statement(program: Program, statement: Statement) -> str:
    head = f"{statement.name} = " if statement.name else ""
    if statement.kind == "definition":
        parameters = ", ".join(program.operands[node] for node in statement.parameters)
        head = f"{statement.name}({parameters}) = "
    return head + unparse_node(program, statement.value)


def unparse_node(program: Program, node: int) -> str:
    """The text of an expression. A stack of what is still to be printed takes the place of recursion."""
    ops = program.ops
    printed: list[str] = []
    pending: list[str | int] = [node]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            printed.append(piece)
        else:
            pending += reversed(pieces(program, ops[piece], program.operands[piece]))
    return "".join(printed)


def pieces(program: Program, op: str, operand: Any) -> list[str | int]:
    """A node as a row of texts, and nodes that are still to be printed."""
    if op == "number":
        return [number_text(operand)]
    if op == "name":
        return [operand]
    if op == "string":
        return [f'"{operand}"']
    if op == "call":
        return call_pieces(operand)
    if op == "array":
        return ["[", *listed([element] for element in operand), "]"]
    if op == "index":
        subscripts = listed([subscript] for subscript in operand[1:])
        return [*operand_pieces(program, operand[0], POSTFIX, op), "[", *subscripts, "]"]
    if op == "ellipsis":
        return ["..."]
    if op == "slice":
        start, stop, step = operand
        bounds = [[] if bound is None else [bound] for bound in (start, stop)]
        return [*bounds[0], ":", *bounds[1], *([] if step is None else [":", step])]
    return operator_pieces(program, op, operand)


def call_pieces(call: Call) -> list[str | int]:
    positional = [[argument] for argument in call.positional]
    keywords = [[f"{name}=", value] for name, value in call.keywords]
    return [f"{call.name}(", *listed([*positional, *keywords]), ")"]


def operator_pieces(program: Program, op: str, operand: Sequence[int]) -> list[str | int]:
    operator = OPERATORS[op]
    if not operator.left:
        return [operator.symbol, *operand_pieces(program, operand[0], operator.right, op)]
    left = operand_pieces(program, operand[0], operator.left, op)
    if not operator.right:
        return [*left, operator.symbol]
    return [*left, operator.spaced(), *operand_pieces(program, operand[1], operator.right, op)]


def operand_pieces(program: Program, node: int, least: int, gate: str) -> list[str | int]:
    """An operand, in brackets where it needs them."""
    op, level = program.ops[node], ATOM
    if op == "number":
        text = number_text(program.operands[node])
        return [enclosed(text, holds(text), least, gate)]
    if op in OPERATORS:
        level = OPERATORS[op].precedence
    return ["(", node, ")"] if level < least else [node]


def listed(items: Iterable[list[Any]]) -> list[Any]:
    """Items separated by commas."""
    row: list[Any] = []
    for item in items:
        row += [", ", *item] if row else item
    return row
