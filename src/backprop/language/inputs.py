"""The inputs that a text sets itself, as the listings of the course notes do: `x = -2; y = 5; z = -4; q = x + y`."""

from __future__ import annotations

from backprop.language.printer import unparse_node
from backprop.language.program import Program, Statement


def inputs_in(program: Program) -> dict[str, str]:
    """The names that are set once, to a plain number or an array of them, and used; each with the text of its value."""
    statements = program.statements
    if not any(is_plain(program, value) for value in statements.numbers[::5]):
        return {}
    from collections import Counter

    assigned = [statement for statement in statements if statement.kind == "assignment"]
    plain = [statement for statement in assigned if is_plain(program, statement.value)]
    times = Counter(statement.name for statement in assigned)
    used = names_used(program)
    return {
        statement.name: unparse_node(program, statement.value)
        for statement in plain
        if times[statement.name] == 1 and statement.name in used
    }


def is_plain(program: Program, node: int) -> bool:
    """Whether a node is a number, or an array of nothing but numbers."""
    pending = [node]
    while pending:
        node = pending.pop()
        if program.ops[node] == "array":
            pending += program.operands[node]
        elif program.ops[node] != "number":
            return False
    return True


def names_used(program: Program) -> set[str]:
    """The names that stand in an expression, other than as a parameter of the function that it defines. (One that ends
    the text is evaluated at variables that are called as its parameters are.)"""
    last = program.statements[-1]
    used = own(program, last) if last.kind == "definition" else set()
    for statement in program.statements:
        used |= {program.operands[node] for node in statement.nodes if program.ops[node] == "name"} - own(
            program, statement
        )
    return used


def own(program: Program, statement: Statement) -> set[str]:
    """The parameters of a definition."""
    return {program.operands[node] for node in statement.parameters}
