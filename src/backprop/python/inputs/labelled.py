"""What the backward pass alone takes of a loss: labels, and what goes with them."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from typing import Any

from backprop.python.inputs.examples import WEIGHT, Examples
from backprop.python.inputs.said import UPSTREAM_LIKE, Said, names_read
from backprop.python.names import own_names, parameter_names, required_names
from backprop.python.pairs.counterparts import SLOPES
from backprop.python.texts.functions import reached, returns
from backprop.python.texts.gradients import is_label, is_of_output, is_rate

OF_COST = re.compile(r"(?i)cost|loss|error|objective|entropy|(^|_)(mse|nll)(_|$)")


class Labelled(Said):
    """The labels of a pair, and the costs in its code."""

    given: dict[str, Any]
    renamed: dict[str, str]

    def costs(self) -> list[ast.FunctionDef]:
        """The functions of the text that are costs by their names, and the methods of the class."""
        own = (self.pair.forward, self.pair.backward)
        found = (*self.methods().values(), *self.code.functions().values())
        return [one for one in found if OF_COST.search(one.name) and not SLOPES.search(one.name) and one not in own]

    def is_whole(self, cost: ast.FunctionDef) -> bool:
        """Whether a cost goes forward itself: what it adds beside the loss of the output, as a penalty, counts."""
        called = [node.func for node in ast.walk(cost) if isinstance(node, ast.Call)]
        forward = self.pair.forward.name if self.pair.forward is not None else ""
        return any(ast.unparse(one).rpartition(".")[2] == forward for one in called)

    def labels_of_costs(self, known: set[str]) -> set[str]:
        """What the backward pass and a cost in the code take by the same name, and the forward pass knows nothing of:
        `loss(self, xs, ys)` beside `bptt(self, xs, ys)`. A cost of the output has a name for that, too."""
        taken = {*required_names(self.pair.backward)} - known if self.pair.backward is not None else set()
        found: set[str] = set()
        for cost in self.costs():
            names = required_names(cost)
            shared = {one for one in taken.intersection(names) if not is_of_output(one)}
            rest = {*names} - shared - known - {"self"}
            found |= {one for one in shared if not UPSTREAM_LIKE.match(one)} if rest or self.is_whole(cost) else set()
        return found

    @cached_property
    def same_labels(self) -> dict[str, str]:
        """What the backward pass calls the labels that the forward pass takes by another name: `y_true`, `targets`."""
        forward, backward = self.pair.forward, self.pair.backward
        if forward is None or backward is None or self.pair.kind not in ("functions", "class"):
            return {}
        own = [one for one in parameter_names(forward) if is_label(one) or one in ("y", "t")]
        others = [one for one in required_names(backward) if is_label(one) and one not in (*own, *self.given)]
        return {others[0]: own[0]} if len(own) == len(others) == 1 and own[0] not in parameter_names(backward) else {}

    def labels_of_backward(self) -> list[str]:
        """The labels that the backward pass alone takes, the rate of its steps and the weight of a penalty, told by
        their names, or by standing in an index: they are no gradient from above."""
        pair = self.pair
        if pair.forward is None or pair.backward is None or pair.kind not in ("functions", "class"):
            return []
        known = {*parameter_names(pair.forward), *returns(pair.forward)}
        known |= {name for one in self.constructors() for name in parameter_names(one)} if pair.of_object else set()
        known |= self.same_labels.keys()
        if self.renamed:
            return [name for name in required_names(pair.backward)[1:] if name not in {*known, *self.renamed}]
        names = required_names(pair.backward)
        outputs = any(map(is_of_output, names)) or not {*names}.isdisjoint(returns(pair.forward))
        outputs |= pair.forward in reached(pair.backward, self.methods())  # it goes forward itself
        outputs |= pair.forward.name in names_read(pair.backward)
        beside = {"y", "t"} if outputs else set()  # `backward(x, y_hat, y)`
        sizes = {one.arg for one in pair.backward.args.args if ast.unparse(one.annotation or ast.Pass()) == "int"}
        beside |= sizes - own_names(pair.forward)
        places, forth = Examples([pair.backward]), Examples([pair.forward])
        others = {*parameter_names(pair.forward)} - {*parameter_names(pair.backward)}
        picks = not any(map(forth.picks, others))  # else they may be these, by another name
        beside |= self.labels_of_costs(known)
        like = [
            one for one in names
            if one in beside or is_label(one) or is_rate(one) or WEIGHT.search(one)
            or (picks and places.picks(one))
        ]  # fmt: skip
        return [name for name in like if name not in known and name in names_read(pair.backward)]
