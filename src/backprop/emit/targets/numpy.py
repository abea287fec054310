"""NumPy: arrays, with broadcasting undone where it happened, or may have happened."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, product
from math import isfinite
from types import CodeType
from typing import Any, ClassVar

from backprop.differentiate.functions import forward
from backprop.emit.fitting import EXPAND, LIKE
from backprop.emit.helpers import helpers
from backprop.emit.listing import Listing
from backprop.emit.prelude import functions
from backprop.emit.request import Request
from backprop.emit.target import Text
from backprop.emit.targets.arrays import Arrays, rank
from backprop.emit.targets.pythonic import called, function, function_text
from backprop.gates import GATES, Gate
from backprop.numbers.elementwise import UFUNCS

GATE_OF = {word: GATES[gate] for gate, word in UFUNCS.items()}
PROBES = (-2.0, 0.0, 2.0, 2e3)  # what may stand in a branch that is not taken
SPECIAL = ("erf", "erfc", "erfinv", "gamma")


class NumPy(Arrays):
    """NumPy, and SciPy for the special functions."""

    name = "numpy"
    title = "NumPy"
    words: ClassVar = {
        **{gate: f"np.{name}" for gate, name in UFUNCS.items() if gate not in Arrays.operators},
        **{name: f"scipy.special.{name}" for name in SPECIAL},
        **{name: f"np.{name}" for name in ("sum", "mean", "prod", "outer", "tril", "triu", "diag", "logaddexp")},
        "abs": "np.abs", "relu": "np.maximum({0}, 0.0)", "clip": "np.clip",
        "max_of": "np.max", "min_of": "np.min", "det": "np.linalg.det",
        "trace": "np.trace({0}, axis1=-2, axis2=-1)", "mse": "np.mean(np.subtract({0}, {1}) ** 2)",
        "reshape": "np.reshape({0}, {shape})", "reshape_like": "np.reshape({0}, np.shape({1}))",
        "zeros_like": "np.zeros_like", "ones_like": "np.ones_like",
        "expand": "np.expand_dims({0}, {axis})", "rows": "np.prod(np.shape({0})[:-1])",
    }  # fmt: skip
    constants: ClassVar = {
        3.141592653589793: "np.pi", 2.718281828459045: "np.e", float("inf"): "np.inf", float("nan"): "np.nan",
    }  # fmt: skip
    reserved = Arrays.reserved | {"np", "scipy"}
    helpers: ClassVar = functions("carried.py", "backprop.numbers")

    def __init__(self) -> None:
        super().__init__()
        self.alike = True  # whether what arrives at a stage has one shape
        self.dtype = "float64"
        self.chooses = self.risks = False  # whether it is written of two values, and whether one of them may warn

    def spell(self, gate: Gate, operands: Sequence[Text], derived: bool) -> Text:
        self.chooses |= gate.name == "where"
        self.risks = self.risks or risks(gate, operands)
        return super().spell(gate, operands, derived)

    def touched(self, number: Text) -> Text:
        return Text(f"{self.module}.{self.dtype}({number.text})")

    def array(self, value: Any) -> str:
        text = super().array(value)
        return text if self.dtype == "float64" or not value.ndim else f"{text}.astype({self.module}.{self.dtype})"

    def one(self) -> str:
        """A truth value times a number is of double precision, unless the number is not."""
        return "1.0" if self.dtype == "float64" else f"{self.module}.{self.dtype}(1.0)"

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """To the power of a number that is a half, `**` takes the root, which is another thing at -inf and -0."""
        base, exponent = operands
        apart = float(exponent.text) != 0.5 if exponent.literal else base.literal or exponent.shape != ()
        return None if apart else Text(f"np.float_power({base.text}, {exponent.text})")

    # ── shapes ──

    def spell_unbroadcast(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A sum over what was stretched, where the shapes are known."""
        g, x = operands
        if g.shape is None or x.shape is None or rank(g) < rank(x):
            return None
        ahead = rank(g) - rank(x)
        inner = [ahead + i for i, n in enumerate(x.shape) if n == 1 != g.shape[ahead + i]]
        if any(n not in (1, m) for n, m in zip(x.shape, g.shape[ahead:], strict=True)) or (ahead and inner):
            return None
        if not ahead and not inner:
            return g.leaving(1)
        axes = inner or list(range(ahead))
        axis = "" if not x.shape else f", axis={axes[0] if len(axes) == 1 else tuple(axes)}"
        return Text(f"{self.module}.sum({self.counted(g).text}{axis}{', keepdims=True' if inner else ''})").leaving(1)

    def spell_like(self, gate: Gate, operands: Sequence[Text]) -> Text:
        """Stretched to a shape: a product with ones, which is right for all ranks."""
        g, x = operands
        if g.shape == x.shape == ():
            return g.leaving(1)
        ones = Text(f"{self.module}.ones_like({x.text})")
        if g.text in ("1.0", "-1.0"):
            return ones if g.text == "1.0" else self.negation(ones)
        return self.operation("multiply", [g, ones], False)

    def in_place(self, gate: Gate, text: Text) -> bool:
        """What was multiplied with ones is new. What has another shape than what arrives next is not added to."""
        return self.alike and ((gate is LIKE and not text.without) or super().in_place(gate, text))

    def spell_spread(self, gate: Gate, operands: Sequence[Text]) -> Text:
        """What was summed over axes gets them back, and is stretched."""
        g, x = operands
        axis = gate.settings["axis"]
        if axis not in (None, 0) and not gate.settings["keepdims"] and g.shape != ():
            g = self.spell(EXPAND.with_options({"axis": axis}), [g], True)
        return self.spell_like(gate, [g, x])

    def spell_count(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        (x,), axis = operands, gate.settings["axis"]
        if x.shape is None and not isinstance(axis, tuple):
            return Text(f"{self.module}.size({x.text})" if axis is None else f"{self.module}.shape({x.text})[{axis}]")
        return super().spell_count(gate, operands)

    def running(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A running sum or product from the front is NumPy's; from the back it is a helper."""
        if gate.settings["reverse"]:
            return None
        return Text(f"{self.module}.{gate.name}({', '.join([operands[0].text, *self.keywords(gate)])})")

    spell_cumsum = spell_cumprod = running


def risks(gate: Gate, operands: Sequence[Text] = ()) -> bool:
    """Whether a gate may find no number of numbers: of one below 0, 0, or a large one, or of those that it is given."""
    if gate.mixes or gate.variadic or gate.name == "where":
        return False
    given = [(float(operand.text),) if operand.literal else PROBES for operand in operands] or [PROBES] * gate.arity
    function = forward(gate, gate.arity)
    return not all(isfinite(function(*numbers)) for numbers in product(*given))


def words_of(source: str) -> tuple[str, ...]:
    """The names that a function which is carried along uses."""
    (code,) = (part for part in compile(source, "carried.py", "exec").co_consts if isinstance(part, CodeType))
    return code.co_names


def write(request: Request) -> str:
    """The program: its helpers, the function, and its test."""
    target = NumPy()
    target.alike, target.dtype = not request.alike, request.dtype
    listing = request.listing(target)
    after = summed_back(target, listing) if request.alike else []
    if request.dtype != "float64":
        narrowed(listing, request.dtype)
    inputs = [*listing.inputs.values(), *([listing.upstream] if listing.upstream else [])]
    parameters = [f"{name}=1.0" if name == listing.upstream and request.at is None else name for name in inputs]
    kind = "float" if request.dtype == "float64" else f"np.{request.dtype}"
    converted = [f"    {name} = np.asarray({name}, dtype={kind})" for name in inputs]
    needed = list(helpers(target))
    blocks = [*(function_text(helper) for helper in needed), ""]
    for word in chain.from_iterable(words_of(helper.source) for helper in needed if helper.source):
        target.chooses |= word == "where"
        target.risks |= word in ("scipy", "linalg") or (word in GATE_OF and risks(GATE_OF[word]))
    silent = request.wild or (target.chooses and target.risks)
    head = [*(f"# {line}" for line in [*request.title(), *request.shape_lines()])]
    head += ['@np.errstate(all="ignore")'] if silent else []
    blocks[-1] = "\n".join([*head, function(listing, parameters, [*converted, ""] if converted else [], after)])
    if request.at is not None:
        blocks.append("\n".join(self_test(request, target)))
    imports = [
        *(["import numpy as np"] if "np." in "".join(blocks) else []),
        *(["import scipy.special"] if "scipy." in "".join(blocks) else []),
    ]
    return "\n\n\n".join([*(["\n".join(imports)] if imports else []), *blocks]) + "\n"


def summed_back(target: NumPy, listing: Listing) -> list[str]:
    """The lines that sum gradients back to the shapes of their inputs, which may have been stretched.

    A gradient that is a number, or has the shape of another input, is stretched to that of the output first.
    """
    lines = []
    for name, text in listing.gradients.items():
        given = listing.inputs[name]
        if text.isidentifier():
            target.used["unbroadcast"] = None
            lines.append(f"    {text} = unbroadcast({text} * np.ones_like({listing.value}), {given})")
        else:
            listing.gradients[name] = f"np.zeros_like({given})"
    return lines


def narrowed(listing: Listing, dtype: str) -> None:
    """Give results the precision that was asked for: a constant of a library's, or a helper, may have more."""
    listing.value = f"np.asarray({listing.value}, dtype=np.{dtype})"
    listing.gradients = {name: f"np.asarray({text}, dtype=np.{dtype})" for name, text in listing.gradients.items()}


def self_test(request: Request, target: NumPy) -> list[str]:
    """The test at the point: the numbers that the calculator found."""
    assert request.at is not None
    given = [target.literal(request.at[name]) for name in request.circuit.variables]
    if request.opens:
        given.append(target.literal(request.upstream))
    lines = ['if __name__ == "__main__":', *called(f"value, gradients = {target.function}", given)]
    for what, number in request.answers:
        expected = target.literal(number)
        margin = ["rtol=1e-9", "atol=1e-12"] if request.dtype == "float64" else ["rtol=1e-4", "atol=1e-5"]
        lines += called("np.testing.assert_allclose", [what, expected, *margin])
    return lines
