"""What targets with arrays share: the truth of comparisons, indices, options, and products by their ranks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from backprop.emit.literals import Bracketed, listed
from backprop.emit.plain import count_of
from backprop.emit.target import Text
from backprop.emit.targets.pythonic import Pythonic
from backprop.gates import GATES, Gate
from backprop.language.calls import subscript_text
from backprop.language.printer import ATOM, POSTFIX, PRODUCT, UNARY, Operator

FLAGS = frozenset(["keepdims", "reverse"])  # options that are true or false


class Arrays(Pythonic):
    """A target whose values are arrays, with the functions of a `module`. Shapes are used where they are known."""

    module: ClassVar[str] = "np"
    joins: ClassVar[str] = "concatenate"  # what a module calls it to put arrays one behind the other,
    permutes: ClassVar[str] = "transpose"  # and to put axes in another order
    arrays = True
    counts = False
    pairs = True
    movers = frozenset([
        "index", "gather", "take", "transpose", "expand", "spread", "unbroadcast", "column", "uncolumn", "count",
        "rows",
    ])  # fmt: skip
    operators: ClassVar = {
        **Pythonic.operators,
        "matmul": Operator("@", PRODUCT, PRODUCT, UNARY),
        "dot": Operator("@", PRODUCT, PRODUCT, UNARY),
    }

    reserved = Pythonic.reserved | {"scatter"}

    def word(self, gate: Gate) -> str | None:
        """A loss is a function of the program's own."""
        return super().word(gate) or (gate.name if gate.exact and not gate.settings else None)

    # ── numbers and arrays ──

    def constant(self, value: Any) -> Text:
        return self.number(value) if isinstance(value, float) else Text(self.array(value))

    def array(self, value: Any) -> str:
        """An array as a literal."""
        return str(self.literal(value))

    def literal(self, value: Any) -> Bracketed | str:
        """A number or an array, to be laid out."""
        if getattr(value, "size", 1) == 0:  # lists would not tell its shape
            return f"{self.module}.zeros({value.shape})"
        lists = listed(value, lambda number: self.number(number).text)
        return lists if isinstance(lists, str) else Bracketed(f"{self.module}.array", [lists])

    def setting(self, option: str, value: Any) -> str:
        return str(bool(value)) if option in FLAGS else f'"{value}"' if isinstance(value, str) else repr(value)

    def in_place(self, gate: Gate, text: Text) -> bool:
        """What an operation has computed may be added to; what may be a view of something else, or a number, not."""
        if text.text.isidentifier() or gate.name in ("where", "identity"):
            return False
        if gate.name == "einsum" and "," not in gate.settings["subscripts"]:
            return False
        return not gate.mixes or gate.fresh

    # ── truth values ──

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        return Text(f"{self.module}.where({condition.text}, {x.text}, {y.text})")

    def counted(self, operand: Text) -> Text:
        """Not the truth value itself: a sum of truth values is their disjunction."""
        if not operand.condition:
            return operand
        return Text(f"{self.one()} * {operand.holds_at_least(ATOM)}", PRODUCT, shape=operand.shape)

    def one(self) -> str:
        """The 1 that a truth value is multiplied with, of the kind that numbers are of."""
        return "1.0"

    def inversion(self, operand: Text) -> Text:
        text = f"{self.module}.logical_not({operand.condition})"
        return Text(text, condition=text)

    def conjunction(self, operands: Sequence[Text]) -> Text:
        text = " & ".join(operand.holds_at_least(ATOM) for operand in operands)
        return Text(text, PRODUCT - 3, condition=text, condition_level=PRODUCT - 3)

    # ── pieces of arrays ──

    def subscript(self, gate: Gate, wires: Sequence[Text]) -> str:
        """What stands between the brackets of an index."""
        given = iter(wires)
        computed = {"wire": self.place, "mask": self.mask}
        parts = [
            computed[item](next(given)) if isinstance(item, str) else self.item(item) for item in gate.settings["at"]
        ]
        return ", ".join(parts)

    def item(self, item: Any) -> str:
        """An index, a slice, or a list of indices."""
        return subscript_text(item)

    def place(self, wire: Text) -> str:
        """An index that is computed."""
        if wire.literal:
            return str(int(float(wire.text)))
        return f"{self.module}.asarray({wire.text}, dtype=int)"

    def mask(self, wire: Text) -> str:
        """A comparison that chooses."""
        if wire.text.isidentifier():  # whoever reads the program sees that it chooses, and does not count
            return f"{wire.text} != 0"
        return wire.condition or f"{self.module}.asarray({wire.text}) != 0"

    def spell_index(self, gate: Gate, operands: Sequence[Text]) -> Text:
        x = operands[0]
        if x.shape == ():  # it may be a number of Python's own, which has no index; all that it can get is new axes
            added = (1,) * gate.settings["at"].count(None)
            return self.spell(GATES["reshape"].with_options({"shape": added}), [x], False)
        return moved(x, self.piece(x.at_least(POSTFIX), gate, operands[1:]))

    def piece(self, x: str, gate: Gate, wires: Sequence[Text]) -> str:
        """`x[…]`."""
        return f"{x}[{self.subscript(gate, wires)}]"

    spell_gather = spell_index

    def spell_scatter(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.scattered(operands[0], operands[1], self.subscript(gate, operands[2:]))

    def scattered(self, h: Text, x: Text, subscript: str) -> Text:
        """What goes into zeros of the shape of x at a subscript."""
        self.used["scatter"] = None
        return Text(f"scatter({h.text}, {x.text}, {self.module}.s_[{subscript}])")

    def spell_take(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return moved(operands[0], f"{operands[0].at_least(POSTFIX)}[{slice_text(gate)}]")

    def spell_untake(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.scattered(operands[0], operands[1], slice_text(gate))

    def spell_part(self, gate: Gate, operands: Sequence[Text]) -> Text:
        """It begins at a whole number."""
        h, x, start = operands
        return self.call(gate, [h, x, Text(self.place(start)) if start.literal else start])

    spell_whole = spell_part

    def spell_column(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A vector as a column, or a column as a vector, where the rank of the other is known."""
        h, x = operands
        last = "None" if gate.name == "column" else "0"
        return {-1: None, 1: moved(h, f"{h.at_least(POSTFIX)}[..., {last}]").leaving(1)}.get(rank(x), h.leaving(1))

    spell_uncolumn = spell_column

    # ── several inputs ──

    def bare(self, operand: Text) -> str:
        """One of several inputs."""
        return operand.text

    def together(self, gate: Gate, operands: Sequence[Text]) -> str:
        """The inputs as a list, and the options."""
        return ", ".join([f"[{', '.join(map(self.bare, operands))}]", *self.keywords(gate)])

    def spell_stack(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return Text(f"{self.module}.stack({self.together(gate, operands)})")

    def spell_concat(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return Text(f"{self.module}.{self.joins}({self.together(gate, operands)})")

    def spell_starts(self, gate: Gate, operands: Sequence[Text]) -> Text:
        self.used[gate.name] = None
        return Text(f"starts({self.together(gate, operands)})")

    def spell_einsum(self, gate: Gate, operands: Sequence[Text]) -> Text:
        inputs = ", ".join(map(self.bare, operands))
        return Text(f'{self.module}.einsum("{gate.settings["subscripts"]}", {inputs})')

    # ── counting ──

    def spell_count(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A number, where the shape is known."""
        (x,) = operands
        return None if x.shape is None else self.number(count_of(x.shape, gate)).leaving(0)

    spell_rows = spell_count

    # ── products ──

    def spell_transpose(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """`x.T`, where it has no more than two dimensions."""
        (x,), axes = operands, gate.settings["axes"]
        if axes is not None:
            return moved(x, f"{self.module}.{self.permutes}({x.text}, {axes})")
        return None if x.shape is None or len(x.shape) > 2 else turned(x)

    def spell_matmul_left(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """What A @ B sends to A, as a person writes it who knows the ranks."""
        h, b, a = operands
        return {
            (2, 2): lambda: self.product("matmul", h, turned(b)),
            (1, 2): lambda: self.product("matmul", b, h),
            (2, 1): lambda: self.product("outer", h, b),
            (1, 1): lambda: self.product("multiply", h, b),
        }.get((rank(a), rank(b)), lambda: None)()

    def spell_matmul_right(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """What A @ B sends to B, likewise."""
        a, h, b = operands
        return {
            (2, 2): lambda: self.product("matmul", turned(a), h),
            (2, 1): lambda: self.product("matmul", turned(a), h),
            (1, 2): lambda: self.product("outer", a, h),
            (1, 1): lambda: self.product("multiply", h, a),
        }.get((rank(a), rank(b)), lambda: None)()

    def product(self, name: str, x: Text, y: Text) -> Text:
        """A product of two, for which a third need not be known; times 1 is left out."""
        if name == "multiply" and x.text == "1.0":
            return y.leaving(2)
        return self.spell(GATES[name], [x, y], False).leaving(2)


def rank(x: Text) -> int:
    """The number of dimensions; -1 where it is not known."""
    return -1 if x.shape is None else len(x.shape)


def turned(x: Text) -> Text:
    """`x.T`; of a vector, itself."""
    text = x.at_least(POSTFIX)
    text = f"{text}.T" if not re.fullmatch(r"[\d.]+", text) else f"({text}).T"
    return x if rank(x) in (0, 1) else moved(x, text)


def moved(x: Text, text: str) -> Text:
    """Elements of x in other places: those of truth values are truth values."""
    return Text(text, condition=text if x.condition else "")


def slice_text(gate: Gate) -> str:
    """One slice along an axis."""
    axis, place = gate.settings["axis"], gate.settings["place"]
    if axis < 0:
        return ", ".join(["...", str(place), *[":"] * (-axis - 1)])
    return ", ".join([*[":"] * axis, str(place)])
