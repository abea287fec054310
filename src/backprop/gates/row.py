"""What a row of the table of gates says."""

from __future__ import annotations

TIES = ("both", "split", "first")


class Gate:
    """A gate is one row; whatever the program knows of it stands here.

    `arguments` names the inputs, with defaults where they have them (`"x slope=0.01"`); `"x..."` takes any number.
    `partials` are the local gradients, an expression for each input, in the inputs' names and `out`. They hold for
    gates that act element by element; `vjp` holds the gradients themselves, with the gradient from above as `g`, for
    gates that mix elements. None in place of a rule means that there is none; "0" means that the gate is flat in that
    input, and nothing is sent. For a gate of any number of inputs there is one rule for each input `x`, in which `ties`
    counts the inputs that equal `out`, and `earlier` those of them before this one.
    `ties_split` and `ties_first` are the partials under `--ties split` and `first`, where they differ.
    `routes` says that a partial of 0 means "not taken": nothing at all flows there, so no 0 times infinity.
    `idempotent` says that the same input twice counts once.
    `domain` is where the value is a number; `needs` says it in words where the expression would not read well.
    `kink` is where the slope jumps. `definition` opens the gate into simpler ones. `says` is what it does to the flow
    of gradients. Sources for the rules: DLMF (dlmf.nist.gov) chapters 4 to 7, and CS231n's notes on backpropagation.
    """

    __slots__ = (
        "aliases", "arguments", "arity", "defaults", "definition", "domain", "family", "flat", "idempotent", "kink",
        "name", "needs", "partials", "routes", "says", "ties_first", "ties_split", "variadic", "vjp",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        arguments: str,
        partials: str | tuple[str | None, ...] = (),
        *,
        vjp: str | tuple[str | None, ...] = (),
        ties_split: str | tuple[str, ...] = (),
        ties_first: str | tuple[str, ...] = (),
        routes: bool = False,
        idempotent: bool = False,
        domain: str = "",
        needs: str = "",
        kink: str = "",
        definition: str = "",
        aliases: str = "",
        says: str = "",
    ) -> None:
        fields = [field.partition("=") for field in arguments.split()]
        self.name = name
        self.variadic = arguments.endswith("...")
        self.arguments = tuple(field.removesuffix("...") for field, _, _ in fields)
        self.defaults = {field: float(default) for field, equals, default in fields if equals}
        self.arity = len(fields)
        self.partials = as_tuple(partials)
        self.vjp = as_tuple(vjp)
        self.ties_split = as_tuple(ties_split)
        self.ties_first = as_tuple(ties_first)
        self.flat = bool(self.partials) and all(rule == "0" for rule in self.partials)
        self.routes = routes
        self.idempotent = idempotent
        self.domain = domain
        self.needs = needs or domain
        self.kink = kink
        self.definition = definition
        self.aliases = tuple(aliases.split())
        self.says = says
        self.family = ""

    def __repr__(self) -> str:
        return f"<gate {self.name}>"

    def rules(self, count: int, ties: str) -> tuple[str | None, ...]:
        """The partials for `count` inputs under a rule for ties."""
        chosen = {"split": self.ties_split, "first": self.ties_first}.get(ties) or self.partials
        if not self.variadic:
            return chosen
        names = self.names(count)
        equal = [f"({name} == out)" for name in names]
        each = []
        for i, name in enumerate(names):
            scope = {"x": name, "ties": f"({' + '.join(equal)})", "earlier": f"({' + '.join(equal[:i]) or '0'})"}
            each.append(" ".join(scope.get(word, word) for word in (chosen[0] or "").split()))
        return tuple(each)

    def names(self, count: int) -> tuple[str, ...]:
        """The names of `count` inputs."""
        if not self.variadic:
            return self.arguments
        return tuple(f"{self.arguments[0]}{i}" for i in range(1, count + 1))

    def signature(self) -> str:
        """How a call is written: `leaky_relu(x, slope=0.01)`."""
        if self.variadic:
            return f"{self.name}({self.arguments[0]}, …)"
        fields = (f"{name}={self.defaults[name]:g}" if name in self.defaults else name for name in self.arguments)
        return f"{self.name}({', '.join(fields)})"


def as_tuple(rules: str | tuple[str | None, ...]) -> tuple[str | None, ...]:
    """One rule stands for itself."""
    return (rules,) if isinstance(rules, str) else rules
