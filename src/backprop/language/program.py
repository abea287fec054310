"""The AST: a program as a flat list of nodes, each behind its operands.

A node is a number in the list, and its operands are numbers of earlier nodes: whoever walks a program takes one loop
and no recursion, and a million gates are no deeper than three. Leaves that read alike share one node.
"""

from __future__ import annotations

from itertools import starmap

from backprop.errors import Problem
from backprop.errors.light import Any, Callable, Iterable, Iterator, MutableSequence, NamedTuple, Sequence
from backprop.errors.spans import Span, places


class Statement(NamedTuple):
    """A line of a program: `q = x + y`, `neuron(w, x) = …`, or the bare expression that is the output."""

    kind: str  # "result", "assignment", "definition", or "accumulate" (dx += …, in a backward pass)
    name: str  # of the stage or the function; empty for a result
    parameters: tuple[int, ...]  # a definition's parameters, as nodes
    value: int  # the node of the expression
    start: int  # the nodes that were made for this statement
    stop: int
    first: int  # its first and last token
    last: int

    @property
    def nodes(self) -> range:
        """The nodes that were made for this statement."""
        return range(self.start, self.stop)

    @property
    def tokens(self) -> tuple[int, int]:
        """Its first and last token."""
        return self.first, self.last


class Statements:
    """Statements in columns: of many lines, objects would be most of the memory."""

    def __init__(self, numbers: MutableSequence[int], statements: Iterable[Statement] = ()) -> None:
        self.kinds: list[str] = []
        self.names: list[str] = []
        self.parameters: list[tuple[int, ...]] = []
        self.numbers = numbers  # of each: value, start, stop, first, last
        for statement in statements:
            self.append(statement)

    def append(self, statement: Statement) -> None:
        self.add(
            statement.kind, statement.name, statement.parameters,
            (statement.value, statement.start, statement.stop, statement.first, statement.last),
        )  # fmt: skip

    def add(self, kind: str, name: str, parameters: tuple[int, ...], numbers: tuple[int, int, int, int, int]) -> None:
        """Add a statement by its fields; the numbers are its value, start, stop, first and last."""
        self.kinds.append(kind)
        self.names.append(name)
        self.parameters.append(parameters)
        self.numbers.extend(numbers)

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, place: int) -> Statement:
        at = range(len(self))[place]
        return Statement(self.kinds[at], self.names[at], self.parameters[at], *self.numbers[5 * at : 5 * at + 5])

    def __iter__(self) -> Iterator[Statement]:
        fields = zip(self.kinds, self.names, self.parameters, *[iter(self.numbers)] * 5, strict=False)
        return starmap(Statement, fields)

    def columns(self) -> Iterator[tuple[str, str, int, int, int]]:
        """Of each statement the kind, the name, the value, and where its nodes start and stop."""
        numbers = self.numbers
        return zip(self.kinds, self.names, numbers[::5], numbers[1::5], numbers[2::5], strict=True)


class Call(NamedTuple):
    """The operands of a node "call": `name(positional…, keyword=…)`."""

    name: str
    positional: tuple[int, ...]
    keywords: tuple[tuple[str, int], ...]


class Program:
    """A parsed text.

    `ops[i]` says what node i is: "number" (its operand is a float), "name" and "string" (a str), "call" (a Call),
    "array" and "index" and "slice" (nodes, None for a bound that was left out), or a gate's name (its operand nodes).
    """

    def __init__(self, text: str, token_spans: Callable[[], list[tuple[int, int]]], source: str | None = None) -> None:
        self.text = text
        self.source = source
        self.ops: list[str] = []
        self.operands: list[Any] = []
        self.firsts: MutableSequence[int] = []  # the first token of each node
        self.lasts: MutableSequence[int] = []  # and its last one
        self.statements = Statements([])
        self.given: dict[str, str] = {}  # values of variables that stand in the text itself (in a listing of Python's)
        self._token_spans = token_spans
        self._spans: list[tuple[int, int]] | None = None

    def pack(self) -> None:
        """Say that the text is read: of a long one, numbers are kept more closely than where they were appended."""
        self.firsts, self.lasts = places(self.text, self.firsts), places(self.text, self.lasts)
        self.statements.numbers = places(self.text, self.statements.numbers)

    def span(self, node: int, inside: tuple[int, int] | None = None) -> Span:
        """The place of a node in the text. A leaf shares its node with those that read alike: it is the last of them
        `inside` a run of tokens, if one is given."""
        first, last = self.firsts[node], self.lasts[node]
        if inside is not None and not inside[0] <= first <= inside[1]:
            text = self.source_of(node)
            for i in range(inside[1], inside[0], -1):
                span = self.tokens_span(i, i)
                if self.text[span.start : span.end] == text:
                    return span
        return self.tokens_span(first, last)

    def tokens_span(self, first: int, last: int) -> Span:
        """The place of a run of tokens. Offsets are made when the first message asks for one."""
        if self._spans is None:
            self._spans = self._token_spans()
        if not self._spans:
            return Span(0, 0)
        return Span(self._spans[first][0], self._spans[min(last, len(self._spans) - 1)][1])

    def stands_in(self, text: str, source: str | None, traced: str, places: list[Span]) -> None:
        """Say that this program was made from another text, each of its lines from a place there."""
        spans, line, end = [], 0, traced.find("\n") % (len(traced) + 1)
        for start, _ in self._token_spans():
            while start > end:
                line, end = line + 1, traced.find("\n", end + 1) % (len(traced) + 1)
            spans.append((places[line].start, places[line].end))
        self.text, self.source, self._spans = text, source, spans

    def tokens_of(self, node: int) -> tuple[int, int]:
        """The first and the last token of a node."""
        return self.firsts[node], self.lasts[node]

    def source_of(self, node: int) -> str:
        """The node as the user wrote it."""
        start, end = self.span(node)
        return self.text[start:end]

    # ── what is wrong, and where ──

    def problem(
        self,
        kind: str,
        message: str,
        places: Sequence[Span | int],
        hint: str = "",
        tokens: tuple[int, int] | None = None,
    ) -> Problem:
        """A problem with its places in the text, some of them as nodes, inside a run of tokens."""
        spans = [self.span(place, tokens) if isinstance(place, int) else place for place in places]
        return Problem(kind, message, text=self.text, source=self.source, spans=spans, hint=hint)

    def name_span(self, statement: Statement) -> Span:
        """The name that a statement gives."""
        return self.word_at(self.tokens_span(*statement.tokens).start)

    def callee_span(self, node: int) -> Span:
        """The name of the function that a node calls."""
        return self.word_at(self.span(node).start)

    def word_at(self, start: int) -> Span:
        """A name as it is written, which its canonical form may be longer than: ﬁ is fi."""
        import re

        word = re.compile(r"\w*").match(self.text, start)
        return Span(start, word.end() if word else start)
