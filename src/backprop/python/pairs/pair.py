"""A forward and a backward pass."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from backprop.python.names import required_names, rest_name
from backprop.python.pairs.counterparts import FORWARD, GRADS, SLOPE, SLOPES
from backprop.python.texts.functions import GOES_BACK, inner_functions
from backprop.python.texts.gradients import bases
from backprop.python.texts.registered import MARK


class Pair(NamedTuple):
    """A forward and a backward pass. `kind` is "functions", "class", "autograd", "vjp" (of a custom_vjp), "both" (one
    function that returns a loss and its gradients), "script" (statements that are no functions, in two texts or one) or
    "values" (statements on objects that know their gradients, up to a call of `.backward()`)."""

    name: str
    kind: str
    forward: ast.FunctionDef | None
    backward: ast.FunctionDef | None
    skip: int = 0  # the first parameters of the forward pass that are no inputs: self, cls, ctx
    setup: ast.FunctionDef | None = None  # of an autograd Function whose forward has no ctx
    apart: tuple[int, ...] = ()  # the inputs of a custom_vjp that have no gradient
    split: int = 0  # of one text, how many statements are the forward pass
    owner: str = ""  # the class whose functions they are, which need no object
    body: tuple[ast.stmt, ...] = ()  # the statements of a script in other order: up to the end of a loop's first round
    line: int = 0  # and where the loop stands, if there is one
    round: int = 0  # how many of its rounds are passed over
    inside: ast.FunctionDef | None = None  # the function that these statements stand in
    start: int = 0  # how many of them stand before the loop, or make the object of a method
    swept: bool = False  # whether the backward pass is that of what a method gives, through all that it was made from
    of_values: str = ""  # the class of what knows its gradients, and is taken and given
    whose: Mapping[str, str] = {}  # gradients in a script whose names tell nothing, and what is updated by them
    changed: frozenset[str] = frozenset()  # what a script changes by steps
    shares: Mapping[str, ast.expr] = {}  # and what these multiply gradients with, beside their rate
    handed: frozenset[str] = frozenset()  # the passes, which are right, of a network whose way back it is handed to
    told: tuple[str, ...] = ()  # what there is to say where that is wrong
    of_solver: bool = False  # whether a solver of SciPy takes both: it has its point in a row
    end: int = 0  # the line from which on a script has to do with another cost, if there is one

    def bases(self, name: str) -> tuple[str, ...]:
        """What a name may be the gradient of."""
        return (self.whose[name],) if name in self.whose else bases(name)

    def moved(self, texts: Iterable[tuple[ast.Module, ast.Module]]) -> Pair | None:
        """The same pair in texts that have the same functions as its own; None where it has one that stands in none."""
        places: dict[int, ast.FunctionDef] = {}
        for one, other in texts:
            own = [[node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)] for tree in (one, other)]
            places.update(zip(map(id, own[0]), own[1], strict=False) if len(own[0]) == len(own[1]) else ())
        functions: dict[str, Any] = {name: getattr(self, name) for name in ("forward", "backward", "setup", "inside")}
        if any(one is not None and id(one) not in places for one in functions.values()):
            return None
        moved: dict[str, Any] = {name: places.get(id(one)) for name, one in functions.items()}
        return self._replace(**moved)

    @property
    def title(self) -> str:
        """What the pair is called; of several in a class, each by its method."""
        method = self.forward.name if self.kind == "class" and self.forward is not None else ""
        usual = FORWARD.match(method) or "_" not in method.strip("_")
        return self.name if usual else f"{self.name}.{method}"

    @property
    def of_object(self) -> bool:
        """Whether an object is made first. A "loss" is what "both" is, as a method."""
        return self.kind in ("class", "loss")

    @property
    def class_name(self) -> str:
        """The class whose functions or methods they are; "" of functions of no class."""
        return self.owner or (self.name if self.of_object or self.kind == "autograd" else "")

    @property
    def is_registered(self) -> bool:
        """Whether the backward pass is made of a rule that a library was told."""
        return self.forward is not None and self.forward.name.endswith(MARK)

    @property
    def of_instance(self) -> bool:
        """Whether the methods of an autograd Function are an object's, `forward(self, ctx, x)`."""
        forward = self.forward
        return self.kind == "autograd" and self.skip == 2 and forward is not None and not forward.decorator_list

    @property
    def is_made(self) -> bool:
        """Whether a constructor may take something beside what the forward pass takes."""
        return self.of_object or self.of_instance

    @property
    def is_kept(self) -> bool:
        """Whether the forward pass makes the backward pass, a function without arguments, and leaves it in its result,
        as an operation does on values that know their gradients. It may take that result, or the gradient of it."""
        forward, back = self.forward, self.backward
        if self.swept:
            return True
        if forward is None or back is None or back not in inner_functions(forward):
            return False
        taken = len(required_names(back))
        return not taken or (taken == 1 and kept_pair(self.owner, forward) is not None)

    @property
    def has_steps(self) -> bool:
        """Whether a script takes steps by gradients that it gives no name."""
        return any(hasattr(one, "step") for one in self.body)

    @property
    def is_slope(self) -> bool:
        """Whether the backward pass is by its name a function that gives slopes, of those inputs that are wanted."""
        name = self.backward.name if self.backward is not None and self.kind == "functions" else ""
        return bool(SLOPES.search(name) or SLOPE.fullmatch(name) or GRADS.match(name))

    @property
    def of_one(self) -> bool:
        """Whether one function returns a loss and its gradients."""
        return self.kind in ("both", "loss")


def kept_pair(owner: str, forward: ast.FunctionDef) -> Pair | None:
    """Such an operation, if a function or a method is one."""
    inner = {one.name: one for one in inner_functions(forward)}
    kept = [
        inner[one.value.id] for one in ast.walk(forward)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Attribute)
        and isinstance(one.value, ast.Name) and one.value.id in inner
    ]  # fmt: skip
    title = f"{owner}.{forward.name}" if owner else forward.name
    kept = kept or handed_over(forward, inner)
    if owner and kept and (len(required_names(kept[0])) > 1 or rest_name(kept[0])):
        return None  # the class's own way back knows what it takes
    return Pair(title, "functions", forward, kept[0], owner=owner, of_values=owner) if len(kept) == 1 else None


def handed_over(forward: ast.FunctionDef, inner: dict[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The inner functions that are handed to what makes the result, as what goes back from it: `Tensor(y, grad_fn=f)`,
    also where that hangs on something."""
    calls = [node for node in ast.walk(forward) if isinstance(node, ast.Call)]
    given = [one.value for call in calls for one in call.keywords if one.arg and GOES_BACK.search(one.arg)]
    names = {getattr(one.body if isinstance(one, ast.IfExp) else one, "id", "") for one in given}
    return [one for name, one in inner.items() if name in names]
