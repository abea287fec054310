"""The grammar of the language (expression.lark), and the parsing tables that Lark makes of it (tables.py).

One rule is not in the grammar, and stands here for the engine and for Lark: between brackets, a newline is a blank.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing would be a large part of a plain run
if TYPE_CHECKING:
    from typing import Any


class Brackets:
    """Follows tokens in and out of brackets."""

    def __init__(self) -> None:
        self.depth = 0

    def ignores(self, token: str) -> bool:
        """Whether the next token is a newline between brackets. A semicolon is none, wherever it stands."""
        first = token[:1]
        if first == "\n" or first == ";":
            lines = token.split("\n") if "#" in token else [token]
            return self.depth > 0 and not any(";" in line.partition("#")[0] for line in lines)
        last = token[-1:]
        if last == "(" or last == "[":
            self.depth += 1
        elif last == ")" or last == "]":
            self.depth -= 1
        return False


PRIME = 2**61 - 1


def checksum(text: bytes) -> int:
    """A number that tells texts apart."""
    return int.from_bytes(text, "little") % PRIME


def grammar_text() -> bytes:
    """The grammar, as it is in its file."""
    package: Any = sys.modules[__name__]
    text: bytes = package.__loader__.get_data(f"{package.__path__[0]}/expression.lark")
    return text
