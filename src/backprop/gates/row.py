"""What a row of the table of gates says: a rule, what people are told, and traits."""

from __future__ import annotations

from backprop.errors.light import TYPE_CHECKING, Any, Callable

Rules = tuple[str | None, ...]
TIES = ("both", "split", "first")
TWICE = {"both": "none", "split": "none", "first": "first or none"}  # the rule by which a gradient is derived again
WORDS: dict[str, int | None] = {"none": None, "None": None, "true": 1, "True": 1, "false": 0, "False": 0}  # in options


def as_tuple(rules: str | tuple[str | None, ...]) -> tuple[str | None, ...]:
    """One rule stands for itself."""
    return (rules,) if isinstance(rules, str) else rules


class Rule:
    """What a gate computes, and how its gradient goes back.

    `partials` are the local gradients, an expression for each input, in the inputs' names and `out`. They hold for
    gates that act element by element; `vjp` holds the gradients themselves, with the gradient from above as `g`, for
    gates that mix elements. None in place of a rule means that there is none; "0" means that the gate is flat in that
    input, and nothing is sent. For a gate of any number of inputs there is one rule for each input `x`, in which `ties`
    counts the inputs that equal `out`, and `earlier` those of them before this one. Where rules depend on the options
    or on the number of inputs, `vjp` is a function of the gate and that number that writes them.
    `ties_split` and `ties_first` are the rules under `--ties split` and `first`, where they differ.
    `routes` says that a partial of 0 means "not taken": nothing at all flows there, so no 0 times infinity; and of a
    gate that mixes, that some elements go nowhere. `linear` says of such a gate that an element gets a gradient only
    from the elements that it goes into (so that those which are not taken stay out), `reach` how a mask of what is
    alive goes back (as `g`, by the inputs as they are) where ones sent through the rule would not tell: they cancel, or
    the values say which element goes where; where nothing is said, all elements are alive where any is. `arranges` says
    that equal elements may come out in any order. `pieces` is the function on arrays that gives all inputs theirs in
    one pass, and `shares` writes what many rules have in common, by name, where each would look at all inputs.
    `again` are the rules where what they say is derived again, if a slope of the others is none of the gate's.
    `kink` is where the slope jumps, so that a second derivative would be made up (see `rough`); `cusp` says where that
    is so, if that is elsewhere, and `bends` what has no slope there, if that is not the output; `squared` are the rules
    of its square, where that has no kink; `piece` says on which of its smooth pieces a gate is, where the kink does not
    tell.
    `definition` opens the gate into simpler ones, to be read; `exact` does so where that would lose digits or special
    points, for languages that have no word for the gate; where that takes series and tables of numbers
    (`approximated`), it stands in gates.approximations. `paired` spells a gate, and that gate of what was negated,
    where its rule asks for both and they can share their work: first for a compiled loop, where a choice between two
    numbers is free, then for one array operation after the other, where what no row needs is not computed.
    Sources for the rules: DLMF (dlmf.nist.gov) chapters 4 to 7, and CS231n's notes on backpropagation.
    """

    def __init__(
        self,
        *partials: str | None,
        vjp: str | Rules | Callable[[Gate, int], Rules] = (),
        ties_split: str | tuple[str, ...] = (),
        ties_first: str | tuple[str, ...] = (),
        routes: bool = False,
        linear: bool = False,
        arranges: bool = False,
        reach: str | Rules | Callable[[Gate, int], Rules] = (),
        pieces: str = "",
        again: tuple[str, ...] = (),
        kink: str = "",
        cusp: str = "",
        bends: str = "out",
        squared: str | tuple[str, ...] = (),
        shares: Callable[[Gate, int], dict[str, str]] | None = None,
        piece: str = "",
        definition: str = "",
        exact: str = "",
        paired: tuple[tuple[str, str], ...] = (),
        approximated: bool = False,
    ) -> None:
        self.partials: Rules = partials
        self.vjp: Rules | Callable[[Gate, int], Rules] = vjp if callable(vjp) else as_tuple(vjp)
        told = partials or (() if callable(self.vjp) else self.vjp)
        self.flat = bool(told) and all(rule == "0" for rule in told)
        self.ties_split, self.ties_first = as_tuple(ties_split), as_tuple(ties_first)
        self.routes, self.linear, self.arranges = routes, linear, arranges
        self.reach: Rules | Callable[[Gate, int], Rules] = reach if callable(reach) else as_tuple(reach)
        self.again, self.kink, self.cusp, self.bends, self.squared = again, kink, cusp, bends, as_tuple(squared)
        self.piece, self.pieces, self.paired, self.shares = piece, pieces, paired, shares
        self.definition, self.spelt, self.approximated = definition, exact or definition, approximated


class Words:
    """What people are told of a gate.

    `says` is what it does to the flow of gradients. `aliases` are its other names; `spelling` is the name in a call,
    where that is not the gate's. `needs` says its domain in words, where the expression would not read well.
    `reads` is how a rule is told, where it is not as it is computed, and `plain` how that of a call without options
    is, where gates that only rules use take part. `textbook` is a rule as books spell it, where ours is spelt for its
    digits; `instead_of` are spellings that overflow where this gate does not, and `with_base` how a call with a second
    input, its base, is meant. `frameworks` are the slopes at the kink in PyTorch, JAX, autograd and TensorFlow, as
    measured ("-" where there is no such gate).
    """

    def __init__(
        self,
        says: str = "",
        *,
        aliases: str = "",
        spelling: str = "",
        needs: str = "",
        reads: str | tuple[str, ...] = (),
        plain: str | tuple[str, ...] = (),
        textbook: str | tuple[str, ...] = (),
        instead_of: str | tuple[str, ...] = (),
        with_base: str = "",
        frameworks: str = "",
    ) -> None:
        self.says, self.aliases, self.spelling, self.needs = says, tuple(aliases.split()), spelling, needs
        self.reads, self.plain, self.textbook = as_tuple(reads), as_tuple(plain), as_tuple(textbook)
        self.instead_of, self.with_base = as_tuple(instead_of), with_base
        self.frameworks = tuple(frameworks.split())


class Traits:
    """What is true of a gate, for those who rewrite circuits, check points and run stacks.

    `domain` is where the value is a number. `shape` is the input whose shape the result always has, or "number"
    where it always is one, where that can be told; `shaped_by` is the input of which the shape is asked and nothing
    else, and `stacks` says that a gate that mixes takes a stack of inputs as it takes one, and `broadcasts` that
    its inputs are stretched to each other's shape. `commutes` says that two inputs may change places, `idempotent`
    that the same input twice counts once, and `parity` what a minus sign of the input does: it comes out of an
    "odd" gate, and is lost in an "even" one. `sign` says that the result is "never negative", or "kept": not negative
    where no input is; `rectifies` says that what is not negative comes out as it is. `fresh` says that what a gate that
    mixes computes is a new array in every library, never a view of an input. `saturates` says that the slope fades for
    large inputs on both sides, and `opens` that what `exact` says is, to the bit, what its function on arrays computes,
    so that work can be shared. `terms` is the size of what its value is added up of, where that may cancel beyond what
    its inputs, moved a little, show. `reduces` names the gate that stands for this one where it is called with a single
    input; `plumbing` marks gates that only rules use.
    """

    def __init__(
        self,
        *,
        domain: str = "",
        shape: str = "",
        shaped_by: str = "",
        stacks: bool = False,
        broadcasts: bool = False,
        commutes: bool = False,
        idempotent: bool = False,
        parity: str = "",
        sign: str = "",
        rectifies: bool = False,
        fresh: bool = False,
        saturates: bool = False,
        opens: bool = False,
        terms: str = "",
        reduces: str = "",
        plumbing: bool = False,
    ) -> None:
        self.domain, self.shape, self.shaped_by = domain, shape, shaped_by
        self.stacks, self.broadcasts = stacks, broadcasts
        self.commutes, self.idempotent, self.parity, self.fresh = commutes, idempotent, parity, fresh
        self.sign, self.rectifies = sign, rectifies
        self.saturates, self.opens, self.terms = saturates, opens, terms
        self.reduces, self.plumbing = reduces, plumbing


NO_RULE, NO_WORDS, NO_TRAITS = Rule(), Words(), Traits()


class Gate(Rule, Words, Traits):
    """A gate is one row; whatever the program knows of it stands here: what its three parts say is said of the gate.

    `arguments` names the inputs, with defaults where they have them (`"x slope=0.01"`); `"x..."` takes any number.
    `options` are what a call fixes beside its inputs (`"axis=none keepdims=0"`): no wires, but numbers, texts and
    tuples, known before anything is computed. `with_options` makes the gate with other ones; `settings` holds those
    of a gate. Rules have them in scope by their names.
    """

    def __init__(
        self,
        name: str,
        arguments: str,
        rule: Rule = NO_RULE,
        words: Words = NO_WORDS,
        traits: Traits = NO_TRAITS,
        *,
        options: str = "",
    ) -> None:
        self.name, self.family = name, ""
        self.mixes = bool(rule.vjp)  # elements of arrays, so that its rules are `vjp`
        self.variadic, self.arity = arguments.endswith("..."), len(arguments.split())
        self.aliases, self.plumbing = words.aliases, traits.plumbing  # what is asked of all gates at every start
        self.row = arguments, rule, words, traits, options

    arguments: tuple[str, ...]
    defaults: dict[str, float]
    options: tuple[str, ...]
    settings: dict[str, Any]

    def unfold(self) -> None:
        """Put down all that the row says. Of most gates nobody asks in most runs, and a start has no time for it."""
        arguments, rule, words, traits, options = self.row
        fields = [field.partition("=") for field in arguments.split()]
        pairs = [field.partition("=") for field in options.split()]
        said = {
            "arguments": tuple(field.removesuffix("...") for field, _, _ in fields),
            "defaults": {field: float(default) for field, equals, default in fields if equals},
            "options": tuple(option for option, _, _ in pairs),
            "settings": {option: literal(value) for option, _, value in pairs},
            "spelling": words.spelling or self.name,
            "needs": words.needs or traits.domain,
        }
        self.__dict__ = {**vars(rule), **vars(words), **vars(traits), **said, **self.__dict__}

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Something of the row that was not asked for before."""
            if "arguments" in self.__dict__ or "row" not in self.__dict__ or name.startswith("__"):
                raise AttributeError(f"a gate has no {name}", name=name, obj=self)
            self.unfold()
            return getattr(self, name)

    def __repr__(self) -> str:
        return f"<gate {self.name}>"

    def with_options(self, settings: dict[str, Any]) -> Gate:
        """This gate with some options set: the very same object whenever they are the same."""
        chosen = {**self.settings, **settings}
        if chosen == self.settings:
            return self
        key = (self.name, tuple(chosen.items()))
        if key not in _WITH_OPTIONS:
            from copy import copy

            gate = _WITH_OPTIONS[key] = copy(self)
            gate.settings = chosen
        return _WITH_OPTIONS[key]

    @property
    def exact(self) -> str:
        """The definition that programs are written with, or "" where there is none, or one for each first input."""
        if not self.approximated:
            return self.spelt
        from backprop.gates.approximations import DEFINITIONS

        return DEFINITIONS.get(self.name, "")

    def exact_at(self, first: float | None) -> str:
        """The same, where the first input is a number in the program (else None)."""
        if not self.approximated or self.exact or first is None:
            return self.exact
        from backprop.gates.approximations import OF_ORDER

        return OF_ORDER[self.name](first)

    @property
    def bends_whole(self) -> bool:
        """Whether at a kink all inputs lose their second derivatives, and not only the element that is on it."""
        return self.mixes and self.bends == "out"

    @property
    def compares(self) -> bool:
        """Whether its result is 0 or 1."""
        return self.family == "comparisons"

    def rules(self, count: int, ties: str) -> Rules:
        """The rules for `count` inputs under a rule for ties: partials, or for a gate that mixes elements its vjp."""
        chosen = {"split": self.ties_split, "first": self.ties_first}.get(ties) or self.partials or self.vjp
        if ties in TWICE.values():
            return self.untold(count, ties)
        if callable(chosen):
            return chosen(self, count)
        if not self.variadic:
            return chosen
        names = self.names(count)
        equal, words = [f"({name} == out)" for name in names], (chosen[0] or "").split()
        ties = added(equal) if "ties" in words else ""
        each = []
        for i, name in enumerate(names):
            scope = {"x": name, "ties": ties, "earlier": added(equal[:i]) if "earlier" in words else ""}
            each.append(" ".join(scope.get(word, word) for word in words))
        return tuple(each)

    def shared_rules(self, count: int, ties: str) -> tuple[dict[str, str], Rules]:
        """The rules, and ahead of them, by name, what they share: with many inputs, each then says only a little."""
        if self.shares is not None:
            return self.shares(self, count), self.rules(count, ties)
        chosen = {"split": self.ties_split, "first": self.ties_first}.get(ties) or self.partials or self.vjp
        words = [] if callable(chosen) or not chosen else (chosen[0] or "").split()
        if not self.variadic or ("ties" not in words and "earlier" not in words):
            return {}, self.rules(count, ties)
        names = self.names(count)
        equal = [f"({name} == out)" for name in names]
        shared = {"ties": added(equal)} if "ties" in words else {}
        if "earlier" in words:
            before = ["0", equal[0], *(f"earlier{i} + {one}" for i, one in enumerate(equal[1:-1], 2))]
            shared |= {f"earlier{i}": text for i, text in enumerate(before[:count], 1)}
        each = [{"x": name, "earlier": f"earlier{i}"} for i, name in enumerate(names, 1)]
        return shared, tuple([" ".join(scope.get(word, word) for word in words) for scope in each])

    def reaches(self, count: int, ties: str) -> tuple[Rules, tuple[bool, ...]]:
        """The rules by which a mask of what is alive goes back, and for which inputs ones stand in them."""
        if self.reach or not (self.routes or self.linear):
            told = self.reach(self, count) if callable(self.reach) else self.reach
            return told or tuple(f"like(sum(g), {name})" for name in self.names(count)), (False,) * count
        rules = self.rules(count, ties)
        return rules, tuple(not self.routes and rule != "0" for rule in rules)

    def untold(self, count: int, ties: str) -> Rules:
        """The rules with nan for a slope that is in use by agreement alone, where anything meets it (see `TWICE`)."""
        side = "first" if ties == "first or none" else "both"
        rules, met = self.rules(count, side), self.bent(count, side)
        if not met:
            return rules
        lost = f"({met}) * (g != 0)"
        if self.bends_whole:
            import re  # for second derivatives alone

            return tuple(rule and re.sub(r"\bg\b", f"where({lost}, nan, g)", rule) for rule in rules)
        return tuple(rule if rule in (None, "0") else f"where({lost}, nan, {rule})" for rule in rules)

    def rough(self, count: int, ties: str) -> str:
        """Where there is no second derivative, as a condition; "" where there always is one.

        `--ties first` takes a side, and so its second derivative; what the other rules take is agreed, and nothing
        follows from it.
        """
        if self.flat or not self.kink or (ties == "first" and (self.ties_first or not self.squared)):
            return ""
        if self.variadic:
            return f"{added([f'({name} == out)' for name in self.names(count)])} > 1" if count > 1 else ""
        return self.cusp or self.kink

    def bent(self, count: int, ties: str) -> str:
        """Where of these places even the slope jumps, as a condition."""
        rough = self.rough(count, ties)
        return rough if not rough or self.variadic or self.cusp in ("", self.kink) else f"({rough}) * ({self.kink})"

    def names(self, count: int) -> tuple[str, ...]:
        if not self.variadic:
            return self.arguments
        fixed, more = self.arguments[:-1], self.arguments[-1]
        return (*fixed, *(f"{more}{i}" for i in range(1, count + 1 - len(fixed))))

    def signature(self) -> str:
        """How a call is written: `leaky_relu(x, slope=0.01)`."""
        fields = [f"{name}={self.defaults[name]:g}" if name in self.defaults else name for name in self.arguments]
        if self.variadic:
            fields.append("…")
        fields += [name if value == () else f"{name}={option_text(value)}" for name, value in self.settings.items()]
        return f"{self.spelling}({', '.join(fields)})"


def added(terms: list[str]) -> str:
    """A sum, halved again and again: a thousand terms in a row would be a thousand parentheses deep."""
    if len(terms) < 2:
        return terms[0] if terms else "0"
    return f"({added(terms[: len(terms) // 2])} + {added(terms[len(terms) // 2 :])})"


_WITH_OPTIONS: dict[object, Gate] = {}


def literal(text: str) -> Any:
    """The default of an option: a whole number, `none`, or what must be given (written `name=`)."""
    return None if text == "none" else () if text == "" else int(text)


def option_text(value: Any) -> str:
    """The value of an option as it is written in a call."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(option_text, value))}]"
    return "none" if value is None else str(int(value)) if value == int(value) else f"{value:g}"
