"""A place in a text that made no sense there, and what stands around it."""

from __future__ import annotations

from backprop.errors import Problem
from backprop.errors.light import Container, cached_property
from backprop.errors.spans import Span, clipped, visible
from backprop.language.lexer import terminal
from backprop.language.program import Program

SHOWN = 32  # characters of the user's text in a message
COMPARISONS = frozenset(["<", ">", "<=", "≤", ">=", "≥", "==", "!=", "≠"])
OPERATORS = COMPARISONS | frozenset("+-−*×·⋅/÷@^ˆ") | {"**"}
BARS = frozenset(["|", "||", "‖", "∥"])  # which open and close
ELLIPSES = frozenset(["...", "…"])
FIXED = OPERATORS | BARS | ELLIPSES | frozenset("()[],:=√∛")
BEGINS = frozenset(["name", "number", "string", "call", "(", "["])  # an operand
BEGINNINGS = frozenset([",", "separator", "assign", "=", ":"])  # behind which an expression begins
ENDS = frozenset(["name", "number", "string", ")", "]", "transpose", "superscript"])


class Place:
    """Where a text stopped making sense, and what stands around."""

    def __init__(self, program: Program, tokens: list[str], at: int) -> None:
        self.program = program
        self.tokens = tokens
        self.at = at
        self.kind = self.kind_of(at)
        self.kind_before = self.kind_of(at - 1)
        self.kind_after = self.kind_of(at + 1)
        self.wants_operand = self.kind_before not in ENDS and not self.closes(at - 1)

    def kind_of(self, index: int) -> str:
        """What a token is: "name", "call", "end" …, or its own text; "start" is before the first."""
        if index < 0 or index >= len(self.tokens):
            return "start" if index < 0 else "end"
        token = self.tokens[index]
        if token in FIXED:
            return token
        return terminal(token)[1:-1].lower() if token else "end"

    def closes(self, index: int) -> bool:
        """Whether a token is a bar that closes what another one opened."""
        kind = self.kind_of(index)
        return kind in BARS and sum(self.kind_of(i) == kind for i in range(max(0, index - 1000), index)) % 2 == 1

    # ── the user's text, as messages show it ──

    def text(self, first: int, last: int) -> str:
        """A run of tokens as it was written, cut where it is long."""
        return shown(self.written(first, last))

    def written(self, first: int, last: int) -> str:
        """A run of tokens as it was written."""
        span = self.program.tokens_span(first, last)
        return self.program.text[span.start : span.end]

    @cached_property
    def here(self) -> str:
        if self.kind in ("end", "separator"):
            return "the end" if self.kind == "end" else "the end of the line" if self.token[0] == "\n" else ";"
        return shown(self.token)

    @property
    def token(self) -> str:
        return self.tokens[self.at]

    @cached_property
    def before(self) -> str:
        return shown(self.tokens[self.at - 1])

    @cached_property
    def after(self) -> str:
        return shown(self.tokens[self.at + 1])

    @cached_property
    def word(self) -> str:
        """The name that stands here, without its "(" or "="."""
        return shown(self.token.rstrip("(=").rstrip())

    @cached_property
    def word_after(self) -> str:
        """The name behind this place, without its "("."""
        return shown(self.tokens[self.at + 1].rstrip("(=").rstrip())

    @cached_property
    def under_root(self) -> bool:
        """Whether the operand before this place stands under a root."""
        return not self.wants_operand and self.kind_of(self.operand_start(self.at - 1) - 1) in ("√", "∛")

    @cached_property
    def open_bar(self) -> str:
        """The bar of this statement that is not closed here, if there is one."""
        kinds = [self.kind_of(i) for i in self.statement[-1000:]]
        return next((bar for bar in sorted(BARS) if kinds.count(bar) % 2 == 1), "")

    @cached_property
    def run_end(self) -> int:
        """The last token of what stands here without blanks in between: `2x` in `sin 2x + 1`."""
        end = self.operand_end(self.at)
        while self.kind_of(end + 1) in BEGINS and self.adjoins(end + 1):
            end = self.operand_end(end + 1)
        return end

    def adjoins(self, index: int) -> bool:
        """Whether no blank stands between a token and the one before."""
        spans = self.program.tokens_span
        return spans(index - 1, index - 1).end == spans(index, index).start

    @cached_property
    def name_before(self) -> str:
        return shown(self.tokens[self.at - 1].rstrip("(=").rstrip()) if self.at else ""

    @cached_property
    def dotted(self) -> str:
        """The names behind a point here, with those between them: `random.randn`."""
        start = self.program.tokens_span(self.at, self.at).end
        behind = self.program.text[start : start + SHOWN]
        return behind[: next((i for i, one in enumerate(behind) if not (one.isalnum() or one in "._")), len(behind))]

    @cached_property
    def operand(self) -> str:
        """The operand that ends before this place."""
        return self.text(self.operand_start(self.at - 1), self.at - 1)

    @cached_property
    def following(self) -> str:
        """The operand that begins here, with its power."""
        return self.text(self.at, self.operand_end(self.at))

    @cached_property
    def following_after(self) -> str:
        """The operand behind this place."""
        return self.text(self.at + 1, self.operand_end(self.at + 1)) if self.kind_after in BEGINS else "y"

    def operand_start(self, index: int) -> int:
        while index > 0:
            kind = self.kind_of(index)
            if kind in (")", "]"):
                index = self.partner(index, -1)
                if kind == ")" or self.kind_of(index - 1) not in ENDS:
                    return index
            elif self.closes(index):
                return next(i for i in range(index - 1, -1, -1) if self.kind_of(i) == kind)
            elif kind not in ("transpose", "superscript"):
                return index
            index -= 1
        return max(index, 0)

    def operand_end(self, index: int) -> int:
        if self.kind_of(index) in ("(", "[", "call"):
            index = self.partner(index, 1)
        while index + 1 < len(self.tokens):
            after = self.kind_of(index + 1)
            if after == "[":
                index = self.partner(index + 1, 1)
            elif after in ("transpose", "superscript"):
                index += 1
            elif after in ("^", "**", "ˆ") and self.kind_of(index + 2) in BEGINS:
                return self.operand_end(index + 2)
            else:
                return index
        return index

    def partner(self, index: int, step: int) -> int:
        """The bracket that belongs to the one at `index`, as far as there is one near."""
        depth = 0
        for i in range(index, max(-1, min(index + step * 1000, len(self.tokens) - 1)), step):
            depth += self.nests(i)
            if depth == 0:
                return i
        return index

    def nests(self, index: int) -> int:
        """1 at a bracket that opens, -1 at one that closes, and else 0."""
        kind = self.kind_of(index)
        return (kind in ("(", "[", "call")) - (kind in (")", "]"))

    def reach(self, index: int, step: int, ends: Container[str]) -> int:
        """The last token on the way from `index` before a bracket around it, or what `ends` it."""
        depth = 0
        while 0 <= index + step < len(self.tokens) - 1:
            kind = self.kind_of(index + step)
            depth += step * self.nests(index + step)
            if depth < 0 or (depth == 0 and kind in ends):
                break
            index += step
        return index

    # ── what encloses the place ──

    @cached_property
    def open(self) -> list[int]:
        """The brackets that are open here, the innermost last."""
        opened: list[int] = []
        for i in range(self.at):
            last = self.tokens[i][-1]
            if last in "([" and self.kind_of(i) != "separator":
                opened.append(i)
            elif last in ")]" and opened and self.kind_of(i) != "separator":
                opened.pop()
        return opened

    @cached_property
    def enclosing(self) -> str:
        """The kind of the innermost bracket: "(", "call", "[" or "index"; empty outside of all."""
        if not self.open:
            return ""
        kind = self.kind_of(self.open[-1])
        return "index" if kind == "[" and self.kind_of(self.open[-1] - 1) in ENDS else kind

    @cached_property
    def opening(self) -> str:
        """The innermost bracket itself."""
        return shown(self.tokens[self.open[-1]]) if self.open else ""

    @property
    def closing(self) -> str:
        """What would close the brackets that are open."""
        closing = "".join("]" if self.tokens[i] == "[" else ")" for i in reversed(self.open[-SHOWN:]))
        return closing + ("…" if len(self.open) > SHOWN else "")

    @cached_property
    def line_start(self) -> int:
        """The first token of the statement."""
        for i in range(self.at - 1, -1, -1):
            if self.kind_of(i) == "separator":
                return i + 1
        return 0

    @cached_property
    def statement(self) -> range:
        """The tokens of the statement before this place."""
        return range(self.line_start, self.at)

    @cached_property
    def rest(self) -> str:
        """The statement from here on."""
        return self.text(self.at, self.line_end)

    @cached_property
    def rest_after(self) -> str:
        """The statement from behind this token on."""
        return self.text(self.at + 1, self.line_end) if self.line_end > self.at else "…"

    @cached_property
    def left_side(self) -> str:
        """The statement up to the operator before this place."""
        return self.text(self.line_start, self.at - 2)

    @cached_property
    def line_end(self) -> int:
        """The last token of the statement, or of what a message shows of it."""
        last = self.at
        while last + 1 < len(self.tokens) - 1 and self.kind_of(last + 1) != "separator" and last < self.at + SHOWN:
            last += 1
        return last

    @cached_property
    def statement_end(self) -> int:
        """The last token of the statement."""
        return next(
            (i - 1 for i in range(self.at + 1, len(self.tokens)) if self.kind_of(i) in ("separator", "end")), self.at
        )

    @cached_property
    def touches(self) -> bool:
        """Whether no blank stands between this token and the one before."""
        return self.at > 0 and self.adjoins(self.at)

    @cached_property
    def joined(self) -> str:
        """This token and the one before, as they were written."""
        return self.text(self.at - 1, self.at)

    @cached_property
    def comparison_before(self) -> int:
        """The comparison before this one and at its depth, or -1."""
        found = self.reach(self.at, -1, COMPARISONS | BEGINNINGS) - 1
        return found if self.kind_of(found) in COMPARISONS else -1

    @cached_property
    def both_comparisons(self) -> str:
        """`a < b < c` as it should be written."""
        first = self.comparison_before
        start, end = self.reach(first, -1, BEGINNINGS), self.reach(self.at, 1, COMPARISONS | {",", "separator", ":"})
        middle = self.text(first + 1, self.at - 1)
        left = self.text(start, first - 1)
        return f"({left} {self.text(first, first)} {middle}) * ({middle} {self.here} {self.text(self.at + 1, end)})"

    def equals_sign(self, index: int, last: int | None = None) -> Span:
        """The "=" at the end of a token, and what stands behind it up to another one."""
        start = self.program.tokens_span(index, index).end - 1
        return Span(start, start + 1 if last is None else self.program.tokens_span(last, last).end)

    def problem(self, message: str, hint: str, where: tuple[int, int] | Span) -> Problem:
        span = where if isinstance(where, Span) else self.program.tokens_span(*where)
        return self.program.problem("syntax", message, [span], hint)


def shown(text: str) -> str:
    """A piece of the user's text in one line, cut where it is long, with nothing in it that a terminal obeys."""
    return clipped(visible(" ".join(text[: 4 * SHOWN].split())), SHOWN)
