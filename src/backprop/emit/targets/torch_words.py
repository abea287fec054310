"""PyTorch's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from backprop.differentiate.functions import forward
from backprop.emit.literals import Bracketed, listed
from backprop.emit.prelude import functions
from backprop.emit.target import ELEMENTARY, Text
from backprop.emit.targets.arrays import Arrays, moved, rank, slice_text
from backprop.errors import Problem
from backprop.gates import Gate
from backprop.language.printer import POSTFIX

SAME = (
    f"{ELEMENTARY} exp2 rsqrt logaddexp xlogy floor ceil round trunc square reciprocal sigmoid relu erf erfc erfinv "
    "lgamma outer tril triu diag"
)
NUMBER = "number"  # makes a tensor of plain numbers, like the inputs
PLAIN = frozenset(["add", "subtract", "multiply", "divide", "negate"])  # Python's numbers stay what they are


class Torch(Arrays):
    """PyTorch's tensors. Its functions take no plain numbers: these become tensors like the inputs, `number(2.0)`."""

    name = "torch"
    title = "PyTorch"
    module, joins, permutes = "torch", "cat", "permute"
    opens = True
    width = 84  # inside of a class
    words: ClassVar = {
        **{name: f"torch.{name}" for name in SAME.split()},
        **{name: f"torch.nn.functional.{name}" for name in ("logsigmoid", "selu", "hardtanh", "hardsigmoid")},
        "softplus": "torch.nn.functional.softplus({0}, threshold=40.0)", "abs": "abs",
        "sum": "torch.sum", "mean": "torch.mean", "max_of": "torch.amax", "min_of": "torch.amin",
        "max": "torch.maximum", "min": "torch.minimum",
        "trace": "torch.diagonal({0}, dim1=-2, dim2=-1).sum(-1)", "det": "torch.linalg.det", "logdet": "torch.logdet",
        "mse": "torch.mean(({0} - {1}) ** 2)", "reshape": "torch.reshape({0}, {shape})",
        "reshape_like": "torch.reshape({0}, {1}.shape)", "zeros_like": "torch.zeros_like",
        "rows": "math.prod({0}.shape[:-1])", "ones_like": "torch.ones_like",
        "like": "torch.broadcast_to({0}, {1}.shape)",
    }  # fmt: skip
    constants: ClassVar = {
        3.141592653589793: "torch.pi", 2.718281828459045: "torch.e", float("inf"): "torch.inf",
        float("nan"): "torch.nan",
    }  # fmt: skip
    options: ClassVar = {"axis": "dim", "keepdims": "keepdim", "k": "diagonal"}
    helpers: ClassVar = functions("torch_helpers.py")
    reserved = Arrays.reserved | {"torch", "abs", "ctx", "inputs", "outputs", NUMBER, *helpers}
    others = Arrays.others | {"close", "expected", "found"}

    def __init__(self) -> None:
        super().__init__()
        self.plain: dict[str, float | None] = {}  # texts of plain numbers, and what they are where that is known

    def kind(self) -> str:
        """What the class is called: black_scholes is a BlackScholes."""
        words = "".join(word[:1].upper() + word[1:] for word in self.function.split("_"))
        return f"{words}Function" if words in ("", self.function) else words

    def own(self) -> list[str]:
        return [self.function, self.kind()]

    # ── numbers and tensors ──

    def number(self, value: float) -> Text:
        text = super().number(value)
        self.plain[text.text] = value
        return text

    def literal(self, value: Any) -> Bracketed | str:
        if getattr(value, "size", 1) == 0:
            return f"torch.zeros({value.shape})"
        return listed(value, lambda number: self.number(number).text)

    def array(self, value: Any) -> str:
        listed = self.like_inputs(self.literal(value) if value.size else "[]")
        return listed if value.size else f"{listed}.reshape({value.shape})"

    def like_inputs(self, number: Bracketed | str) -> str:
        """Plain numbers as a tensor of the inputs' kind: the frame says what `number` is, where it is noted."""
        self.notes.add(NUMBER)
        return f"{NUMBER}({number})"

    def tensor(self, operand: Text) -> Text:
        """A plain number as a tensor."""
        return Text(self.like_inputs(operand.text)) if operand.text in self.plain else operand

    def assigned(self, operand: Text) -> Text:
        return self.tensor(operand)

    def touched(self, number: Text) -> Text:
        return self.tensor(number)

    def spell(self, gate: Gate, operands: Sequence[Text], derived: bool) -> Text:
        """Arithmetic on plain numbers is done here: Python's raises where the calculator says inf."""
        values = [self.plain.get(operand.text) for operand in operands]
        known = [value for value in values if value is not None]
        if not gate.mixes and operands and len(known) == len(operands):
            return self.number(float(forward(gate, len(known))(*known)))
        plain = operands and all(operand.text in self.plain for operand in operands)
        if plain and gate.name not in PLAIN and not gate.mixes:
            operands = [self.tensor(operand) for operand in operands]
        text = super().spell(gate, operands, derived)
        if plain and gate.name in PLAIN:
            self.plain[text.text] = None
        return text

    def call(self, gate: Gate, operands: Sequence[Text]) -> Text:
        if gate.settings.get("axis") == ():  # which PyTorch takes for all axes
            raise Problem("target", f"{gate.spelling} over no axis cannot be said in {self.title}", hint=self.advice())
        return super().call(gate, [self.tensor(operand) for operand in operands])

    def setting(self, option: str, value: Any) -> str:
        """PyTorch takes a shape of one number for none."""
        return super().setting(option, (value,) if option == "shape" and isinstance(value, int) else value)

    def keywords(self, gate: Gate) -> list[str]:
        """A sum that keeps its dimensions is to be told which ones."""
        told = ["dim=None"] if gate.settings.get("keepdims") and gate.settings["axis"] is None else []
        return [*told, *super().keywords(gate)]

    def in_place(self, gate: Gate, text: Text) -> bool:
        """What is changed in place, vmap and second derivatives cannot follow."""
        return False

    # ── truth values ──

    def one(self) -> str:
        return self.like_inputs("1.0")

    def summands(self, name: str, operands: Sequence[Text]) -> list[Text]:
        """A truth value is a number at once where it meets no tensor."""
        meets = any(not operand.condition and operand.text not in self.plain for operand in operands)
        return super().summands(name, operands) if meets else [self.counted(operand) for operand in operands]

    def condition(self, operand: Text) -> Text:
        return super().condition(self.tensor(operand))

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        """Of two plain numbers one becomes a tensor, or both would be rounded to PyTorch's usual 32 bits."""
        return super().choice(condition, self.tensor(x) if y.text in self.plain else x, y)

    def inversion(self, operand: Text) -> Text:
        bare = operand.condition if operand.condition.isidentifier() else f"({operand.condition})"
        return Text(f"~{bare}", condition=f"~{bare}")

    def place(self, wire: Text) -> str:
        """Whole numbers have no gradient: to be one of them, a tensor that has leaves it behind."""
        return super().place(wire) if wire.literal else f"torch.as_tensor({wire.text}).long()"

    # ── element by element ──

    def operation(self, name: str, operands: Sequence[Text], derived: bool) -> Text:
        """PyTorch takes 2 / x for 2 times the reciprocal, which overflows sooner."""
        if name == "divide" and self.plain.get(operands[0].text) not in (None, 1.0, -1.0):
            operands = [self.tensor(operands[0]), operands[1]]
        return super().operation(name, operands, derived)

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """To the power of a half, PyTorch takes the root, which is another thing at -inf and -0."""
        base, exponent = operands
        if self.plain.get(exponent.text) in (0.5, -0.5) and base.text.isidentifier():
            return Text(f"torch.pow({base.text}, torch.full_like({base.text}, {exponent.text}))")
        return None

    def spell_clip(self, gate: Gate, operands: Sequence[Text]) -> Text:
        """Both bounds are plain numbers, or both are tensors."""
        x, *bounds = operands
        if not all(bound.text in self.plain for bound in bounds):
            bounds = [self.tensor(bound) for bound in bounds]
        return Text(f"torch.clamp({self.tensor(x).text}, {bounds[0].text}, {bounds[1].text})")

    # ── shapes ──

    def spell_unbroadcast(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A sum over what was stretched, where the shapes are known."""
        g, x = map(self.tensor, operands)
        if g.shape is None or x.shape is None or rank(g) < rank(x):
            return None
        inner = g.shape[rank(g) - rank(x) :]
        if any(n not in (1, m) for n, m in zip(x.shape, inner, strict=True)):
            return None
        if g.shape == x.shape:
            return g.leaving(1)
        g = self.counted(g)
        if not x.shape:
            return Text(f"torch.sum({g.text})").leaving(1)
        return Text(f"{g.at_least(POSTFIX)}.sum_to_size({x.at_least(POSTFIX)}.shape)")

    def spell_spread(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """What was summed over an axis gets it back, and is stretched."""
        g, x, axis = *map(self.tensor, operands), gate.settings["axis"]
        if axis not in (None, 0) and not gate.settings["keepdims"]:
            if isinstance(axis, tuple):
                return None
            g = moved(g, f"{g.at_least(POSTFIX)}.unsqueeze({axis})")
        return moved(g, f"torch.broadcast_to({g.text}, {x.at_least(POSTFIX)}.shape)")

    def spell_expand(self, gate: Gate, operands: Sequence[Text]) -> Text:
        axis, text = gate.settings["axis"], operands[0].at_least(POSTFIX)
        axes = sorted(axis if isinstance(axis, tuple) else (axis,), key=lambda each: (each >= 0, abs(each)))
        return moved(operands[0], text + "".join(f".unsqueeze({each})" for each in axes))

    def spell_count(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        return self.sized(gate, operands, super().spell_count(gate, operands))

    def spell_rows(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        return self.sized(gate, operands, super().spell_rows(gate, operands))

    def sized(self, gate: Gate, operands: Sequence[Text], known: Text | None) -> Text:
        """How many elements there are: a plain number."""
        x, axis = self.tensor(operands[0]).at_least(POSTFIX), gate.settings.get("axis", ())
        text = f"{x}.numel()" if axis is None else f"{x}.shape[{axis}]" if isinstance(axis, int) else ""
        found = known or (Text(text) if text else super().call(gate, operands))
        self.plain.setdefault(found.text, None)
        return found

    # ── pieces ──

    def item(self, item: Any) -> str:
        """PyTorch takes lists of lists for a subscript in each axis."""
        text = super().item(item)
        return f"torch.tensor({text})" if text.startswith("[[") else text

    def piece(self, x: str, gate: Gate, wires: Sequence[Text]) -> str:
        """`x[…]`; slices that go backwards are taken first."""
        at = list(gate.settings["at"])
        for place, item in enumerate(at):
            if isinstance(item, tuple) and item[:1] == ("slice",) and (item[3] or 1) < 0:
                self.used["strided"] = None
                dim = sum(each is not None for each in at[:place])
                if ... in at[:place]:  # counted from the end
                    dim = -sum(each is not None for each in at[place:])
                x, at[place] = f"strided({x}, {dim}, slice{item[1:]})", ("slice", None, None, None)
        return f"{x}[{self.subscript(gate.with_options({'at': tuple(at)}), wires)}]"

    def spell_scatter(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.scattered(operands[0], operands[1], self.piece("t", gate, operands[2:]))

    def spell_untake(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.scattered(operands[0], operands[1], f"t[{slice_text(gate)}]")

    def scattered(self, h: Text, x: Text, subscript: str) -> Text:
        self.used["scatter"] = None
        return Text(f"scatter({self.tensor(h).text}, {self.tensor(x).text}, lambda t: {subscript})")

    def bare(self, operand: Text) -> str:
        return self.tensor(operand).text

    # ── along a dimension ──

    def along(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """PyTorch's word, which goes along one dimension, from its start."""
        (x,), axis = operands, gate.settings["axis"]
        if not isinstance(axis, int) or gate.settings.get("reverse"):
            return None
        keeps = ", keepdim=True" if gate.settings.get("keepdims") else ""
        return Text(f"torch.{gate.name}({self.bare(x)}, dim={axis}{keeps})")

    spell_cumsum = spell_cumprod = spell_softmax = spell_log_softmax = spell_logsumexp = spell_prod = along

    def spell_sort(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return Text(f"torch.sort({operands[0].text}, dim={gate.settings['axis']}, stable=True).values")
