"""Where the backward pass begins among the statements of a script; and of a training loop, the first round."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from types import MappingProxyType
from typing import NamedTuple

from backprop.python.names import names_set
from backprop.python.pairs.averaged import is_mean
from backprop.python.pairs.descent import ERROR, factors, move_of, share_of
from backprop.python.pairs.unnamed import read_whole, with_names
from backprop.python.texts.called import GENERIC, arguments_of, called, names_in, set_by, set_in, targets
from backprop.python.texts.gradients import COST, bases, is_cost, is_of_gradient, is_word

LOOPS = (ast.For, ast.While)
ASSIGNMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign)
CALLED_COST = re.compile(r"(?i:(?!d_)(\w+_)?(loss|cost|mse|nll))")  # a function, and none that gives its slope
COMPUTING = (ast.BinOp, ast.UnaryOp, ast.Call, ast.AugAssign)
ZEROS = frozenset(["zeros", "zeros_like", "new_zeros", "list", "dict"])


class Passes(NamedTuple):
    """Statements that are both passes, and how many of them are the forward pass. `line` is that of the loop with whose
    first round they end, 0 where they are in none, and `start` of the statements are done before it; `whose` are
    gradients whose names tell nothing, each with its input, and `changed` is what any step changes; `shares` are what
    steps multiply gradients with beside their rate. From the line `end` on they have to do with another cost, and are
    left out; 0 where none is.
    """

    body: list[ast.stmt]
    split: int
    line: int
    whose: dict[str, str]
    start: int = 0
    changed: frozenset[str] = frozenset()
    end: int = 0
    shares: Mapping[str, ast.expr] = MappingProxyType({})


def both_passes(statements: list[ast.stmt], known: Iterable[str] = ()) -> Passes | None:
    """The two passes among the statements of a script: as they stand, or in the first round of a loop, whatever comes
    behind it. `known` are names that are set before all."""
    statements = with_names(statements)
    return Rounds(statements, known).passes(statements)


def training(
    function: ast.FunctionDef, attributes: Iterable[str] = (), methods: Mapping[str, Set[str]] = MappingProxyType({}),
    arrays: Set[str] = frozenset(),
) -> Passes | None:  # fmt: skip
    """The two passes in a function that trains: gradients are set in it, and then by these what they are of.
    `attributes` are those of the object whose method it is, of which some are `arrays`, and `methods` what its methods
    read of these."""
    own = without_copies([one for one in function.body if not isinstance(one, ast.Global)])
    body = with_names(own, methods, arrays)
    before = [name for one in function.body if isinstance(one, ast.Global) for name in one.names]
    rounds = Rounds(body, [*before, *arguments_of(function), *attributes])
    kept = [returned_cost(one) if isinstance(one, ast.Return) else one for one in body]
    found = rounds.passes([one for one in kept if one is not None])
    if found is None or any(is_cost(name) for one in found.body[found.split :][:1] for name in targets(one)):
        return None  # a loss with its gradients: what it calls is the pair
    last = {*targets(found.body[found.split - 1])}
    if any(map(is_cost, last)) and not last.isdisjoint(GENERIC):  # `grads, cost = propagate(…)` and `dw = grads["dw"]`
        return None
    behind = found.body[found.split :]
    if not any(isinstance(node, COMPUTING) for one in behind for node in ast.walk(one)):
        return None  # `dw = model.grads[name]`: an optimizer's, which others compute
    made = {name for one in behind for name in set_in(one)}
    known = names_in([function])
    gradients = {one for one in made if (is_of_gradient(one) and not is_word(one, known)) or one in GENERIC}
    gradients |= {one for one in made if not found.changed.isdisjoint(bases(one))}  # `gW`, where `W += rate * gW`
    nodes = [node for one in body for node in ast.walk(one)]
    updates = [name for one in nodes for name, by in updates_in(one) if not gradients.isdisjoint(by)]
    return found if {*updates} - gradients or any(map(costs_in, found.body[: found.split])) else None


def without_copies(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements in which a local copy of an attribute that is put back behind its step, `w = self.w`, `self.w = w`, is
    the attribute itself."""
    plain = [one for one in body if isinstance(one, ast.Assign) and len(one.targets) == 1]
    taken = {one.targets[0].id: one for one in plain[::-1] if isinstance(one.targets[0], ast.Name)}  # first
    put = [(one, taken[one.value.id]) for one in plain if isinstance(one.value, ast.Name) and one.value.id in taken]
    copies = [(one, its) for one, its in put if ast.unparse(its.value) == ast.unparse(one.targets[0])]
    renamed = Renamed({one.value.id: one.targets[0] for one, _ in copies if isinstance(one.value, ast.Name)})
    left_out = {its for pair in copies for its in pair}
    return [renamed.visit(copy.deepcopy(one)) for one in body if one not in left_out] if copies else body


class Renamed(ast.NodeTransformer):
    """Puts attributes in place of names."""

    def __init__(self, names: Mapping[str, ast.expr]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        made = copy.deepcopy(self.names[node.id])
        made.ctx = node.ctx  # type: ignore[attr-defined]
        return ast.copy_location(made, node)


def told_by_updates(statements: list[ast.stmt], known: Iterable[str]) -> dict[str, str]:
    """The gradients whose names do not tell what they are of, each with what it alone updates, `w -= rate * grad`, also
    through a running mean, `v = 0.9*v - rate*grad; w += v`."""
    names = names_in(statements) | {*known}
    loops: list[ast.AST] = [node for one in statements for node in ast.walk(one) if isinstance(node, LOOPS)]
    made = set().union(*map(set_in, loops or statements)) - set().union(*map(counted_by, loops))
    steps = [(node, *step) for node in ast.walk(ast.Module(statements, [])) for step in updates_in(node)]
    means = {name: by for node, name, by in steps if is_mean(node)}
    parted = [(name, target) for node, name, _ in steps if is_mean(node) for target in getattr(node, "targets", ())]
    entries = {name for name, target in parted if isinstance(target, ast.Subscript)}
    updates = {
        (name, one) for node, name, by in steps
        if name not in GENERIC and not is_of_gradient(name) and not is_mean(node)
        for one in by.union(*[means[mean] for mean in by & means.keys() & (entries | {stepped_by(node)})]) & made
        if tells_nothing(one, names) or one in (f"D{name}", f"D_{name}")
    }  # fmt: skip
    once = Counter(one for _, one in updates)
    return {one: name for name, one in updates if once[one] == 1}


def stepped_by(node: ast.AST) -> str | None:
    """By what alone a statement takes a step: by `v` in `w += v`, and by nothing alone as Adam does."""
    move = move_of(node)
    return called(move[2]) if move is not None else None


def counted_by(loop: ast.AST) -> set[str]:
    """The variables with which a loop counts, as `for g in range(n)` and `for g, x in enumerate(xs)` do."""
    if not isinstance(loop, ast.For) or not isinstance(loop.iter, ast.Call):
        return set()
    by, target = ast.unparse(loop.iter.func), loop.target
    counter = target.elts[0] if by == "enumerate" and isinstance(target, ast.Tuple) else target
    return {*set_by(counter)} if by in ("range", "trange", "enumerate") else set()


class Rounds:
    """Looks for the two passes among statements, and in the first rounds of loops."""

    def __init__(self, statements: list[ast.stmt], known: Iterable[str]) -> None:
        self.known = frozenset(known)
        self.whose = told_by_updates(statements, self.known)
        nodes = [node for one in statements for node in ast.walk(one)]
        self.changed = frozenset(name for one in nodes for name, _ in updates_in(one))
        self.shares = dict(share for one in nodes for share in self.shares_in(one))

    def passes(self, statements: list[ast.stmt]) -> Passes | None:
        """The passes as the statements stand, up to the last gradient and without the steps behind it, or in a first
        round."""
        split = self.split_of(statements)
        if not split:
            return self.first_round(statements)
        last = self.last_gradient(statements)
        behind = statements[last + 1 :]
        return self.apart([*statements[: last + 1], *[one for one in behind if not updates_in(one)]], split)

    def last_gradient(self, statements: list[ast.stmt], known: Collection[str] = ()) -> int:
        """The place of the last statement that sets a gradient of what is read there, or known; -1 where none does."""
        names = {*names_in(statements), *known}
        return max([place for place, one in enumerate(statements) if self.sets_gradient(one, names)], default=-1)

    def apart(
        self, body: list[ast.stmt], split: int, line: int = 0, start: int = 0, behind: Sequence[ast.stmt] = ()
    ) -> Passes | None:
        """Statements apart. What makes room for the sums of gradients belongs to the backward pass, and what stands
        behind the cost; and a cost that is only computed behind the gradients to the forward pass. None where only
        steps are left of the backward pass."""
        names = names_in(body)
        cost = max([place for place, one in enumerate(body[:split]) if costs_in(one)], default=split)
        counted = {name for one in body[:split] for made in costs_in(one) for name in targets(made)}
        rooms = [one for place, one in enumerate(body[:split])
                 if place > max(cost, start - 1)
                 or (makes_room(one) and self.sets_gradient(one, names)
                     and counted.isdisjoint(set_in(one)))]  # fmt: skip
        forth = [one for one in body[:split] if one not in rooms]
        own = {node for one in forth for node in ast.walk(one)}
        start -= sum(one in rooms for one in body[:start])
        late = [one for statement in forth[start:] for one in costs_in(statement)][-1:]
        late = late or cost_behind([*body[split:], *behind]) or cost_shown([*body[split:], *behind], forth[start:])
        late = [one for one in late if one not in own]
        known = names_in(body[:split])
        back = [one for one in body[split:] if one not in late]
        one_cost = self.of_one_cost(back, known) if cost < split else back
        end = next((one.lineno for rest in back[len(one_cost) :] for one in costs_in(rest)), 0)
        forth = forth + late if late or any(map(costs_in, forth)) else with_labels(forth, back, start)
        statements = [*forth, *rooms, *without_steps(one_cost, self.whose)]
        found = Passes(statements, len(forth), line, self.whose, start, self.changed, end, self.shares)
        return found if found.split < len(statements) else None

    def of_one_cost(self, back: list[ast.stmt], known: set[str]) -> list[ast.stmt]:
        """Statements behind a cost, without those that compute another one, of what the first ones compute, and its
        gradients, as of two networks that are trained in turns; or of what is made anew once its gradient is known, as
        where a listing goes on to train what it has looked at."""
        made: set[str] = set()
        for place, one in enumerate(back):
            names = {*targets(one)}
            other = is_cost_set(one) and any(is_cost_of_its_own(name, known) for name in names)
            done = known.intersection(base for name in made for base in self.bases(name))
            anew = isinstance(one, ast.Assign) and not done.isdisjoint(names - names_in([one.value]))
            if (other and not made.isdisjoint(names_in([one]) - names)) or (anew and any(map(costs_in, back[place:]))):
                return back[: self.last_gradient(back[:place], known) + 1]
            made |= set_in(one)
        return back

    def first_round(self, statements: list[ast.stmt], start: int | None = None, line: int = 0) -> Passes | None:
        """The first round of the last loop whose body has both passes, up to the last gradient. Where there is a loop
        in a loop (epochs, and the rows of a table), the inner one's; `start` statements stand before the outer one, in
        `line`."""
        for place in reversed(range(len(statements))):
            statement = statements[place]
            whole = [*start_of(statement), *blocks(statement)]
            last = self.last_gradient(whole)
            if last < 0:
                continue
            body = [*statements[:place], *whole[: last + 1]]
            split = self.split_of(body)
            before = place if start is None else start
            here = statement.lineno if isinstance(statement, LOOPS) or not line else line
            if split:
                return self.apart(body, split, here, before, whole[last + 1 :])
            found = self.first_round(body, before, here)
            if found is not None:
                return found
        return None

    def split_of(self, body: Sequence[ast.stmt]) -> int:
        """How many statements stand before the first that sets the gradient of a name that was set before, or goes back
        through time to do so; 0 where none does. Room for sums, `dW = np.zeros_like(W)`, is no gradient yet."""
        known = set(self.known)
        read: set[str] = set()
        for place, statement in enumerate(body):
            if isinstance(statement, LOOPS) and self.sets_gradient(statement, known) and len(known) > 1:
                return begun(body, place, known) if goes_back(statement) or self.sums_alone(statement, known) else 0
            made = {*targets(statement)} if isinstance(statement, ASSIGNMENTS) else set()
            whose = [one for name in made - read for one in self.bases(name) if one in known]
            if whose and len(known) > 1 and not makes_room(statement):
                return begun(body, place, known)
            read.update(names_in([statement]) - names_set(statement) - made)
            known |= made
        return 0

    def sums_alone(self, loop: ast.stmt, known: set[str]) -> bool:
        """Whether a loop adds up gradients of what it does not read: the forward pass is done before it."""
        gradients = {name for name in set_in(loop) if not known.isdisjoint(self.bases(name))}
        return names_in([loop]).isdisjoint(base for name in gradients for base in self.bases(name))

    def sets_gradient(self, statement: ast.stmt, known: set[str]) -> bool:
        """Whether a statement, or one in it, sets or adds to what is called the gradient of a name that is known."""
        return any(not known.isdisjoint(self.bases(name)) for name in set_in(statement))

    def shares_in(self, statement: ast.AST) -> Iterator[tuple[str, ast.expr]]:
        """What a step changes, and what it multiplies its gradient with beside the rate."""
        target, _, value = move_of(statement) or (None, None, None)
        name = called(target) if target is not None else None
        share = share_of(value, lambda one: name in self.bases(called(one) or "")) if name and value else None
        if name is not None and share is not None:
            yield name, share

    def bases(self, name: str) -> tuple[str, ...]:
        return (self.whose[name],) if name in self.whose else bases(name)


def with_labels(forth: list[ast.stmt], back: Sequence[ast.stmt], start: int) -> list[ast.stmt]:
    """A forward pass without a cost, with the labels that its way back reads where it compares what came out with them,
    `out - y[i]`, as statements of their own under the names of their texts, before that; `start` of them are done
    before the round."""
    made = {name: place for place, one in enumerate(forth) for name in targets(one) if place >= start}
    nodes = [node for one in back for node in ast.walk(one) if isinstance(node, ast.BinOp)]
    apart = [node for node in nodes if isinstance(node.op, ast.Sub)]
    found: dict[str, tuple[int, ast.Assign]] = {}
    for one, other in [pair for node in apart for pair in ((node.left, node.right), (node.right, node.left))]:
        if isinstance(one, ast.Name) and one.id in made and isinstance(other, ast.Subscript):
            text = ast.unparse(other)
            label = ast.copy_location(ast.Assign([ast.Name(text, ast.Store())], copy.deepcopy(other)), other)
            found.setdefault(text, (made[one.id], ast.fix_missing_locations(label)))
    for place, label in sorted(found.values(), key=lambda pair: pair[0], reverse=True):
        forth = [*forth[:place], label, *forth[place:]]
    return forth


def without_steps(statements: list[ast.stmt], whose: Collection[str]) -> list[ast.stmt]:
    """Statements without the steps among them whose outcome none of them reads: of an input there is one value. `whose`
    are gradients, whatever they are called."""
    kept: list[ast.stmt] = []
    read: set[str] = set()
    for one in reversed(statements):
        stepped = {name for name, _ in updates_in(one) if not is_of_gradient(name) and name not in {*GENERIC, *whose}}
        if not stepped or not stepped.isdisjoint(read):
            kept.append(one)
            read |= names_in([one])
    return kept[::-1]


def tells_nothing(name: str, names: Collection[str]) -> bool:
    """Whether a gradient's name does not tell what it is of: `grad`, and `dw` where there is a `theta` and no `w`."""
    known = {*names}
    return name in GENERIC or (is_of_gradient(name) and known.isdisjoint(bases(name)) and not is_word(name, known))


def updates_in(node: ast.AST) -> list[tuple[str, set[str]]]:
    """What a statement changes by a step, and the names that it reads to do so: `w -= dw`, `w = w - rate * dw`."""
    if isinstance(node, ast.AugAssign):
        return [(name, names_in([node.value])) for name in targets(node)]
    if isinstance(node, ast.Assign) and is_step(node.value):
        return [(name, by) for name in targets(node) if name in (by := names_in([node.value]))]
    return []


def is_step(value: ast.expr) -> bool:
    """Whether a value is a sum or a difference, or what a function makes that updates: `update(params, grads)`."""
    if isinstance(value, ast.Tuple):
        return any(map(is_step, value.elts))
    if isinstance(value, ast.Call):
        return bool(re.search("updat|step|descent|optim", ast.unparse(value.func)))
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub)


def is_descent(statement: ast.AST) -> bool:
    """Whether a statement takes a step from what it changes: `W -= rate * dW`, `W = W - rate * dW`."""
    move = move_of(statement)
    return move is not None and isinstance(move[1], ast.Sub)


def start_of(loop: ast.stmt, place: int = 0) -> list[ast.stmt]:
    """What a loop does before its first round, or one behind that: it takes the first of what it goes over."""
    if not isinstance(loop, ast.For):
        return []
    over = ast.unparse(loop.iter)
    first = f"iter({over})" if not place else f"one for place, one in enumerate({over}) if place >= {place}"
    made = ast.parse(f"{ast.unparse(loop.target)} = next({first})").body
    for node in [node for one in made for node in ast.walk(one) if hasattr(node, "lineno")]:
        ast.copy_location(node, loop)
    made[0].of_loop = loop  # type: ignore[attr-defined]
    return made


def in_round(statements: Iterable[ast.stmt], place: int) -> tuple[ast.stmt, ...]:
    """The statements of a first round as those of one behind it."""
    loops = [(one, getattr(one, "of_loop", None)) for one in statements]
    return tuple([one if loop is None else start_of(loop, place)[0] for one, loop in loops])


def is_start(statement: ast.stmt) -> bool:
    """Whether a statement sets what nothing was counted into yet: the start of a sum, or what a loop takes first."""
    return makes_room(statement) or ast.unparse(statement).partition(" = ")[2].startswith("next(")


def blocks(statement: ast.stmt) -> list[ast.stmt]:
    """What a loop, a condition that the file is run itself, or a `with` does."""
    if isinstance(statement, ast.If):
        return statement.body if "__name__" in names_in([statement.test]) else []
    return statement.body if isinstance(statement, ast.With | ast.For | ast.While) else []


def begun(body: Sequence[ast.stmt], place: int, known: set[str]) -> int:
    """Where a backward pass begins of which a statement is the first to set the gradient of anything known: before it
    stand those of gradients whose names tell nothing, as `dh = hs[3]`; and before one that has no name itself, errors
    and deltas of what is computed of the same input before, that no cost is computed of. What alone reads the input is
    no gradient, whatever its name: `delta = X @ theta - y`."""
    whose = next((base for name in targets(body[place]) for base in bases(name) if base in known), "")
    reading = [at for at, one in enumerate(body[:place])
               if whose in names_in([one]) - {*targets(one)} or calls_own(one)]  # fmt: skip
    if any(hasattr(node, "step") or hasattr(node, "over") for node in ast.walk(body[place])):
        of_costs = names_in([cost for one in body for cost in costs_in(one)])
        errors = [at for at, one in enumerate(body[:place]) if of_costs.isdisjoint(names := targets(one))
                  and any(map(ERROR.search, names)) and not adds_up(one)]  # fmt: skip
        place = min([place, *[at for at in errors if reading and reading[0] < at]])
    while (
        place > 1
        and place - 1 not in reading[:1]
        and (names := targets(body[place - 1]))
        and all(is_of_gradient(one) and not is_word(one, known) for one in names)
        and not any(is_cost_of_its_own(one, known) for one in names)
    ):
        place -= 1
    return place


def calls_own(statement: ast.stmt) -> bool:
    """Whether a statement calls a method of the object that it is in, which may read whatever that holds."""
    calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return any(isinstance(one, ast.Attribute) and ast.unparse(one.value) == "self" for one in calls)


def adds_up(statement: ast.stmt) -> bool:
    """Whether a statement adds up squares, or what has no sign, or returns half of that: an error to look at, and none
    that goes back."""
    call = getattr(statement, "value", None)
    squares = factors(statement.value) if isinstance(statement, ast.AugAssign) else []
    if any(isinstance(one, ast.BinOp) and isinstance(one.op, ast.Pow) for one in squares):
        return True
    if isinstance(call, ast.BinOp) and isinstance(call.op, ast.Mult | ast.Div):
        call = next((one for one in (call.left, call.right) if isinstance(one, ast.Call)), call)
    if not isinstance(call, ast.Call) or last_word(call.func) not in ("sum", "mean", "average"):
        return False
    powers = any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) for node in ast.walk(call))
    return powers or not {"square", "abs", "absolute", "power"}.isdisjoint(names_in([call]))


def is_cost_of_its_own(name: str, known: set[str]) -> bool:
    """Whether a name is that of a cost, though it begins as a gradient's: `d_loss`, where there is no `loss`."""
    return bool(COST.fullmatch(name)) and known.isdisjoint(bases(name))


def goes_back(loop: ast.stmt) -> bool:
    """Whether a loop goes from the last to the first: `reversed(…)`, `range(n, -1, -1)`, `[::-1]`."""
    over = loop.iter if isinstance(loop, ast.For) else ast.Constant(None)
    turned = [one for one in ast.walk(over) if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.USub)]
    return "reversed" in names_in([over]) or any(ast.unparse(one) == "-1" for one in turned)


def makes_room(statement: ast.stmt) -> bool:
    """Whether a statement sets a sum's start: `0.0`, `np.zeros_like(W)`, `[np.zeros(b.shape) for b in biases]`."""
    return (
        isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None and nothing(statement.value)
    )


def nothing(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).rpartition(".")[2] in ZEROS
    if isinstance(value, ast.List | ast.Tuple):
        return all(map(nothing, value.elts))
    if isinstance(value, ast.ListComp):
        return nothing(value.elt)
    if isinstance(value, ast.BinOp):  # `[None] * len(weights)`
        return isinstance(value.left, ast.List) and nothing(value.left)
    if isinstance(value, ast.Dict | ast.DictComp):
        return all(map(nothing, value.values if isinstance(value, ast.Dict) else [value.value]))
    return isinstance(value, ast.Constant) and not value.value


def costs_in(statement: ast.stmt) -> list[ast.stmt]:
    """The assignments in a statement that compute a cost, and what is put behind others, `losses.append(…)`, as one."""
    found: list[ast.stmt] = []
    for one in ast.walk(statement):
        call = one.value if isinstance(one, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "append":
            made = ast.Assign([ast.Name("loss", ast.Store())], call.args[0])
            told = any(map(COST.fullmatch, names_in(call.args)))  # of another cost, maybe with a factor
            kept = COST.match(called(call.func.value) or "") and not isinstance(call.args[0], ast.Name) and not told
            found += [placed(made, one)] if kept else []
        elif isinstance(one, ASSIGNMENTS) and not is_start(one):
            found += [one] if any(map(COST.fullmatch, costs_among(one))) or calls_cost(one) or adds_error(one) else []
    return found


def returned_cost(statement: ast.Return) -> ast.stmt | None:
    """What is returned as a loss that is set, where it is plainly one: `return -np.log(p[y])`, or a sum of squares."""
    value = statement.value
    if value is None or isinstance(value, ast.Name | ast.Tuple):
        return None
    made = placed(ast.Assign([ast.Name("loss", ast.Store())], value), statement)
    log = isinstance(value, ast.UnaryOp) and any(last_word(one.func) == "log" for one in ast.walk(value.operand)
                                                 if isinstance(one, ast.Call))  # fmt: skip
    return made if log or adds_up(made) else None


def placed(made: ast.stmt, old: ast.AST) -> ast.stmt:
    """A statement that was made, where the old one stands."""
    return ast.fix_missing_locations(ast.copy_location(made, old))


def adds_error(statement: ast.stmt) -> bool:
    """Whether a statement adds a square, or what a cost gives, to what is called an error: `error += (t - y)**2`."""
    if not isinstance(statement, ast.AugAssign) or not any(map(ERROR.search, targets(statement))):
        return False
    return adds_up(statement) or calls_cost(statement)


def calls_cost(statement: ast.stmt) -> bool:
    """Whether a statement sets a name, that of no gradient, to what a cost gives, or adds that: `c += cost(y, t)`."""
    adds = isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add)
    names = targets(statement)
    call = statement.value if adds or isinstance(statement, ast.Assign) else None  # type: ignore[attr-defined]
    costs = isinstance(call, ast.Call) and bool(CALLED_COST.fullmatch(last_word(call.func)))
    return costs and len(names) == 1 and not is_of_gradient(next(iter(names)))


def last_word(function: ast.expr) -> str:
    """The name of a function without what it is in: `sum` of `np.sum`."""
    return ast.unparse(function).rpartition(".")[2]


def summed_up(statements: Sequence[ast.stmt]) -> set[str]:
    """The costs that only add up another one from round to round, `total_loss += loss * len(x)`: they are told, and no
    step is by their slope. What several costs are added to, as a penalty is, is one itself."""
    added: dict[str, list[set[str]]] = {}
    set_anew: set[str] = set()
    for one in [node for statement in statements for node in ast.walk(statement) if isinstance(node, ASSIGNMENTS)]:
        move = move_of(one)
        for name in filter(COST.fullmatch, targets(one)):
            if move is not None and isinstance(move[1], ast.Add):
                added.setdefault(name, []).append({*filter(COST.fullmatch, names_in([move[2]]))} - {name})
            elif not makes_room(one):
                set_anew.add(name)
    return {name for name, others in added.items() if name not in set_anew and [*map(len, others)] == [1]}


def costs_among(statement: ast.stmt) -> list[str]:
    """The names that a statement sets, of which one may be a cost: `j` beside another one is a place, `i, j = pair`."""
    beside = any(isinstance(one, ast.Tuple) for one in getattr(statement, "targets", ()))
    return [one for one in targets(statement) if not (beside and one == "j")]


def is_cost_set(statement: ast.stmt) -> bool:
    """Whether a statement itself sets a cost."""
    return isinstance(statement, ASSIGNMENTS) and statement in costs_in(statement)


def cost_behind(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The first cost among statements that needs nothing which is set in them; of one that a loop adds up, all that it
    is added up by."""
    made: set[str] = set()
    for place, statement in enumerate(statements):
        for cost in costs_in(statement):
            alone = not any(is_of_gradient(name) or name in GENERIC for name in targets(cost))
            if alone and isinstance(statement, LOOPS):
                return added_up(statements[: place + 1], targets(cost)[0])
            if alone and made.isdisjoint(names_in([cost]) - {*targets(cost)}):
                return [cost]
        made |= set_in(statement)
    return []


def added_up(statements: Sequence[ast.stmt], cost: str) -> list[ast.stmt]:
    """The last loop of some statements, which adds up a cost, behind what starts it; none where they need what is set
    in the others."""
    start = max([at for at, one in enumerate(statements) if cost in targets(one) and makes_room(one)], default=0)
    found = hung_on(statements[start:], {cost})
    needed = names_in(found) - {cost} - counted_in(found)
    return found if needed.isdisjoint(set().union(*map(set_in, statements))) else []


def counted_in(statements: Sequence[ast.stmt]) -> set[str]:
    """The variables of the loops in statements."""
    loops = [node for one in statements for node in ast.walk(one) if isinstance(node, ast.For)]
    return {name for loop in loops for name in set_by(loop.target)}


def cost_shown(statements: Sequence[ast.stmt], forth: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The first cost among statements that is only shown or looked at, `print(self.loss(X, y))`, as one that is set: of
    all that the forward pass computes with. Where that takes some of the rows, a cost of all of them has other slopes.
    """
    whole = read_whole([*forth]).union(*map(set_in, forth))
    for call in [node for one in statements for node in ast.walk(one) if isinstance(node, ast.Call)]:
        taken = [called(one) for one in (*call.args, *[one.value for one in call.keywords])]
        if CALLED_COST.fullmatch(last_word(call.func)) and taken and whole.issuperset(taken):
            made = ast.Assign([ast.Name("loss", ast.Store())], call)
            return [placed(made, call)]
    return []


def cost_within(function: ast.FunctionDef, returned: Iterable[str]) -> ast.FunctionDef | None:
    """The cost that a backward pass itself computes and returns beside its gradients, as a function of what it takes:
    those of its statements on which the cost hangs."""
    name = next(filter(is_cost, returned), "")
    if name not in set_in(function) - arguments_of(function):
        return None
    needed, body, before = {name}, [], 0
    while len(needed) > before:  # what a loop reads may be set behind it
        before = len(needed)
        body = hung_on(function.body, needed)
    made = copy.copy(function)
    made.name, made.decorator_list = f"the {name} in {function.name}", []
    made.body = [
        *body,
        ast.copy_location(ast.Return(ast.copy_location(ast.Name(name, ast.Load()), body[-1])), body[-1]),
    ]
    return made


def hung_on(statements: Sequence[ast.stmt], needed: set[str]) -> list[ast.stmt]:
    """Those of some statements on which names hang that are needed; what they need is added to these."""
    found: list[ast.stmt] = []
    for one in reversed(statements):
        kept = one
        if isinstance(one, ast.For | ast.While | ast.If | ast.With):
            parts = {key: hung_on(value, needed) for key, value in ast.iter_fields(one) if key in ("body", "orelse")}
            if not any(parts.values()):
                continue
            kept = copy.copy(one)
            for key, part in parts.items():
                setattr(kept, key, part or ([ast.copy_location(ast.Pass(), one)] if key == "body" else []))
            heads = [value for _, value in ast.iter_fields(one) if isinstance(value, ast.AST)]
            needed |= names_in([*heads, *getattr(one, "items", [])])
        elif needed.isdisjoint(targets(one) if isinstance(one, ASSIGNMENTS) else names_set(one)):
            continue
        else:
            needed |= names_in([one])
        found.append(kept)
    return found[::-1]
