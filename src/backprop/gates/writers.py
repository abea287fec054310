"""What writes the rules of gates that mix: those that depend on how many inputs there are, or on options."""

from __future__ import annotations

from backprop.gates.row import Gate, Rules

REDUCED = "axis=none keepdims=0"


def listed(gate: Gate, count: int) -> str:
    """The inputs, as the arguments of a call."""
    return ", ".join(gate.names(count))


# ── rules that depend on how many inputs there are, or on options ──


def index_rules(gate: Gate, count: int) -> Rules:
    return (f"scatter(g, {listed(gate, count)}, at=at)", *["0"] * (count - 1))


def scatter_rules(gate: Gate, count: int) -> Rules:
    names = gate.names(count)
    return (f"gather({', '.join(('g', *names[2:]))}, at=at)", *["0"] * (count - 1))


def stack_rules(gate: Gate, count: int) -> Rules:
    return tuple(f"take(g, place={place}, axis=axis)" for place in range(count))


def concat_rules(gate: Gate, count: int) -> Rules:
    return tuple(f"part(g, {name}, starts[{place}], axis=axis)" for place, name in enumerate(gate.names(count)))


def concat_shares(gate: Gate, count: int) -> dict[str, str]:
    return {"starts": f"starts({listed(gate, count)}, axis=axis)"}


def einsum_rules(gate: Gate, count: int) -> Rules:
    """The gradient of each operand is another einsum: output and operand change places.

    An index that stands in this operand alone was summed over, so a tensor of ones brings it back; one that it has
    twice (`ii->i`) is a diagonal, which a tensor of zeros and ones picks out. What `...` stands for was stretched.
    """
    operands, output = split_subscripts(gate.settings["subscripts"], count)
    names = gate.names(count)
    rules = []
    for place, (name, own) in enumerate(zip(names, operands, strict=True)):
        others = [(names[i], operands[i]) for i in range(count) if i != place]
        fresh = iter(letter for letter in LETTERS if all(letter not in text for text in (*operands, output)))
        wanted = "".join(
            letter if letter == "." or letter not in own[:i] else next(fresh) for i, letter in enumerate(own)
        )
        known = set(output).union(*(text for _, text in others))
        inputs, texts = ["g", *(other for other, _ in others)], [output, *(text for _, text in others)]
        if not set(wanted) <= known:
            inputs.append(f'coincide({name}, subscripts="{own}")')
            texts.append(wanted)
        if "..." in output:
            rules.append(unstretched(name, wanted, ",".join(texts), ", ".join(inputs)))
        else:
            rules.append(f'einsum("{",".join(texts)}->{wanted}", {", ".join(inputs)})')
    return tuple(rules)


def unstretched(name: str, wanted: str, texts: str, inputs: str) -> str:
    """The gradient of an operand of an einsum, whose `...` may have been stretched: in front, it is summed back."""
    ahead = "..." + wanted.replace("...", "")
    found = f'einsum("{texts}->{ahead}", {inputs})'
    if "..." not in wanted or wanted == ahead:
        return f"unbroadcast({found}, {name})"
    turned = f'einsum("{wanted}->{ahead}", {name})'
    return f'einsum("{ahead}->{wanted}", unbroadcast({found}, {turned}))'


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def split_subscripts(subscripts: str, count: int) -> tuple[list[str], str]:
    """`ij,jk->ik` as its operands and its output; without an arrow the output has the indices that stand there once."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    operands = left.split(",")
    if not arrow:
        once = sorted(letter for letter in set(left) - set(",.") if left.count(letter) == 1)
        output = "".join(["..." if "..." in left else "", *once])
    return operands, output


def transpose_rules(gate: Gate, count: int) -> Rules:
    axes = gate.settings["axes"]
    if axes is None:
        return ("g.T",)
    inverse = sorted(range(len(axes)), key=lambda i: axes[i] % len(axes))
    return (f"transpose(g, axes=[{', '.join(map(str, inverse))}])",)


SHIFTED = "shift(cumprod({x}, axis={axis}), by=1, fill=1, axis={axis})"
SHIFTED_BACK = "shift(cumprod({x}, axis={axis}, reverse=1), by=-1, fill=1, axis={axis})"


def product_of_others(x: str, axes: tuple[int, ...]) -> str:
    """The product of all the others over some axes: those along the first, times, with it multiplied out, those along
    the rest."""
    first, *rest = axes
    along_first = f"{SHIFTED.format(x=x, axis=first)} * {SHIFTED_BACK.format(x=x, axis=first)}"
    if not rest:
        return along_first
    return f"{along_first} * like({product_of_others(f'prod({x}, axis={first}, keepdims=1)', tuple(rest))}, {x})"


def prod_rules(gate: Gate, count: int) -> Rules:
    """The product of all the others, never out / x: as products from the left and from the right, right at zeros
    too."""
    if gate.settings["axis"] is None:
        flat = "cumprod(reshape(x, [-1]), axis=0{})"
        left, right = flat.format(""), flat.format(", reverse=1")
        others = f"reshape_like(shift({left}, by=1, fill=1, axis=0) * shift({right}, by=-1, fill=1, axis=0), x)"
        return (f"spread(g, x, axis=axis, keepdims=keepdims) * {others}",)
    axis = gate.settings["axis"]
    axes = axis if isinstance(axis, tuple) else (axis,)
    others = product_of_others("x", axes) if axes else "1"
    return (f"spread(g, x, axis=axis, keepdims=keepdims) * {others}",)


def along(gate: Gate, rule: str) -> Rules:
    """A rule along an axis; over all elements (axis=none) it is that of the flat array."""
    if gate.settings["axis"] is not None:
        return (rule.format(x="x", axis="axis"),)
    return (f"reshape_like({rule.format(x='reshape(x, [-1])', axis='0')}, x)",)


def cumprod_rules(gate: Gate, count: int) -> Rules:
    """By a recurrence that never divides: S_i = g_i + x_(i+1) S_(i+1), scaled by the product of what stands before."""
    by, turned = (-1, 0) if gate.settings["reverse"] else (1, 1)
    rule = (
        f"shift(out, by={by}, fill=1, axis={{axis}})"
        f" * scan(shift({{x}}, by={-by}, fill=1, axis={{axis}}), g, axis={{axis}}, reverse={turned})"
    )
    return along(gate, rule)


def cumsum_rules(gate: Gate, count: int) -> Rules:
    turned = 0 if gate.settings["reverse"] else 1
    return along(gate, f"cumsum(g, axis={{axis}}, reverse={turned})")


def cumulated_reach(gate: Gate, count: int) -> Rules:
    """An element goes into those from it on."""
    return cumsum_rules(gate, count) * count


def shift_rules(gate: Gate, count: int) -> Rules:
    return (f"shift(g, by={-gate.settings['by']}, axis=axis)",)


def scan_rules(gate: Gate, count: int) -> Rules:
    by, turned = (-1, 0) if gate.settings["reverse"] else (1, 1)
    back = f"scan(shift(a, by={-by}, axis=axis), g, axis=axis, reverse={turned})"
    return (f"{back} * shift(out, by={by}, axis=axis)", back)


SPREAD = "spread({}, x, axis=axis, keepdims=keepdims)"
# x less its largest element, so that no exponential overflows, and the sum of these.
BELOW = "top = max(x, axis=axis, keepdims=1); most = where(abs(top) < inf, top, 0); below = x - most; "
TOTAL = "sum(exp(below), axis=axis, keepdims=1)"
REACHES = SPREAD.format("g")  # how a mask goes back through a reduction,
REACHES_ALL = (
    "spread(sum(g, axis=axis, keepdims=1), x, axis=axis, keepdims=1)"  # where all along an axis hang together,
)
REACHES_MATRIX = "spread(sum(g, axis=[-2, -1]), A, axis=[-2, -1])"  # and all of a matrix
CENTRED = "centred(x, axis=axis)"


def unsorted(gate: Gate, count: int) -> Rules:
    """Each gradient back to where its element came from. For second derivatives every stage that sorts has a number: of
    equal elements, it has an order for itself."""
    return (f"unsort(g, x, axis=axis{', stage=stage' if 'stage' in gate.settings else ''})",)
