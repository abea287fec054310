"""What TAB offers in bash, zsh and fish: commands, options, their values, files, variables of the expression and gates.

`_BACKPROP_COMPLETE=bash_source backprop` prints what a shell needs (zsh_source, fish_source). That calls the program
back with the words of the line as its arguments, the last one being the word to complete. Whatever goes wrong then,
nothing is offered and nothing is said: what is printed would be typed into somebody's prompt.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from backprop.cli.help import HELP_OPTION, OWN_OPTIONS, summary
from backprop.cli.options import COMMANDS, Choice, Command, command_named
from backprop.cli.words import HELP

BREAKS = ("=", ":", "@")  # where bash cuts a word in two


class Offer(NamedTuple):
    """A word that may stand there, and what it means; or, where `word` is empty, any file behind a prefix."""

    word: str
    says: str = ""
    prefix: str = ""


FILES = Offer("")


def respond(instruction: str, words: list[str]) -> None:
    """Print the script of a shell, or the offers for the last of the words, a line each."""
    shell, _, wanted = instruction.partition("_")
    if wanted == "source":
        sys.stdout.write(SCRIPTS.get(shell, ""))
        return
    with suppress(Exception):  # nothing is typed into a prompt
        *before, word = words or [""]
        if shell == "bash":
            before, word, cut = unquoted(before, word)
            lines = [line._replace(word=line.word[cut:]) if line.word else line for line in offers(before, word)]
        else:
            lines = list(offers(before, word))
        text = "".join(f"{'word' if o.word else 'file'}\t{o.word or o.prefix}\t{o.says}\n" for o in lines)
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()


def unquoted(before: Sequence[str], word: str) -> tuple[list[str], str, int]:
    """The words that bash has cut at each = : @ and left in their quotes; and how much of the last bash keeps."""
    joined: list[str] = []
    start = 0
    for piece in [*before, word]:
        glued = bool(joined) and (piece.startswith(("=", ":")) or joined[-1].endswith(BREAKS))
        kept = len(piece) if not piece.strip("".join(BREAKS)) else 0
        start = len(joined[-1]) + kept if glued else kept
        if glued:
            joined[-1] += piece
        else:
            joined.append(piece)
    plain = [without_quotes(piece) for piece in joined]
    return plain[:-1], plain[-1], start


def without_quotes(word: str) -> str:
    """A word as the shell would read it; its last quote may still be open."""
    for end in ("", '"', "'"):
        with suppress(ValueError):
            return "".join(shlex.split(word + end, posix=True))
    return word


def offers(before: Sequence[str], word: str) -> Iterator[Offer]:
    """What may stand where `word` does, behind the words before it."""
    if not before:
        yield from matching(commands(), word)
        if word.startswith("-"):
            yield from matching(flags(OWN_OPTIONS), word)
    elif before[0] == "help":
        yield from matching(commands() if len(before) == 1 else [], word)
    elif before[0] in COMMANDS:
        yield from Line(command_named(before[0]), before[1:]).offers(word)


def commands() -> Iterator[Offer]:
    return (Offer(name, summary(name)) for name in COMMANDS)


def flags(options: Iterable[tuple[str, str]]) -> Iterator[Offer]:
    """Options by each of their names, and what they mean."""
    return (Offer(flag, says.partition(". ")[0]) for names, says in options for flag in names.split(", "))


def matching(found: Iterable[Offer], word: str) -> Iterator[Offer]:
    return (offer for offer in found if offer.word.startswith(word))


class Line:
    """The words of a command, read as far as they are there."""

    def __init__(self, command: Command, words: Sequence[str]) -> None:
        self.command, self.known = command, command.flags
        self.given: dict[str, str] = {}
        self.positional: list[str] = []
        self.waiting: str | None = None  # the option whose value is next
        for word in words:
            self.read(word)

    def read(self, word: str) -> None:
        if self.waiting is not None:
            self.given[self.waiting], self.waiting = word, None
            return
        name, equals, value = word.partition("=")
        if name in HELP:
            return
        if name in self.known or (name.startswith("--") and name[2:].isidentifier()):
            flag = name in self.known and self.known[name].is_flag
            self.given[name] = value
            self.waiting = None if equals or flag else name
        else:
            self.positional.append(word)

    def offers(self, word: str) -> Iterator[Offer]:
        """What may stand here."""
        if self.waiting is not None:
            yield from self.values(self.waiting, word)
            return
        name, equals, value = word.partition("=")
        if equals and name.startswith("--"):
            for offer in self.values(name, value):
                prefix = f"{name}={offer.prefix}"
                yield offer._replace(word=f"{name}={offer.word}") if offer.word else offer._replace(prefix=prefix)
        elif word.startswith("-"):
            variables = [Offer(f"--{name}", "a variable") for name in self.variables() if f"--{name}" not in self.given]
            options = [(", ".join(one.flags), one.help) for one in self.command.parameters if one.flags]
            yield from matching([*variables, *flags([*options, HELP_OPTION])], word)
        elif self.command.name == "gates":
            yield from matching(gates() if not self.positional else [], word)
        elif not self.positional and "-f" not in self.given:
            yield from self.expression(word)
        elif self.command.several:
            yield FILES

    def values(self, option: str, word: str) -> Iterator[Offer]:
        param = self.known.get(option)
        if option in CODES and (names := named(word)) is not None:
            yield from names
            return
        if param is None or option == "--upstream":  # the value of a variable
            if word.startswith("@"):
                yield Offer("", prefix="@")
        elif isinstance(param.type, Choice):
            yield from matching(map(Offer, param.type.choices), word)
        elif option in LISTS:
            begun, comma, _ = word.rpartition(",")
            taken = begun.split(",")
            rest = [name for name in self.variables() if name not in taken]
            yield from matching([Offer(f"{begun}{comma}{name}") for name in rest], word)
        elif option in PAIRS:
            if "=" not in word:
                yield from matching([Offer(f"{PAIRS[option]}{name}=") for name in self.variables()], word)
        elif param.metavar == "FILE":
            yield FILES
        elif param.words is not None:
            yield from matching(map(Offer, param.words()), word)

    def expression(self, word: str) -> Iterator[Offer]:
        """An expression that is begun: the gates that its last name may become. Else a file, or a name in one."""
        if (names := named(word)) is not None:
            yield from names
            return
        from backprop.cli.reading import PROGRAMS

        found = re.search(r"[^\W\d]\w*$", word)
        if found is not None and not os.path.exists(word):
            stem = word[: found.start()]
            made = [Offer(f"{stem}{gate.word}(", gate.says) for gate in gates() if gate.word.startswith(found[0])]
            if made and not any(name.startswith(word) and name.endswith(PROGRAMS) for name in os.listdir(".")):
                yield from made
                return
        yield FILES

    def variables(self) -> list[str]:
        """The free variables of the expression, as far as it can be read."""
        from backprop.cli.reading import read_text
        from backprop.library import Compiled

        file = self.given.get("-f")
        text = read_text(file) if file and os.path.isfile(file) else self.positional[0] if self.positional else ""
        with suppress(Exception):  # an expression that is not finished
            return list(Compiled(text).variables)
        return []


CODES = frozenset(["-f", "--backward"])  # options that take a file of code, or FILE:NAME
LISTS = frozenset(["--wrt", "--of"])  # options that take variables, x,y
PAIRS = {"--set": "", "--by": "", "--direction": "", "--claim": "d"}  # and those that take x=VALUE


def named(word: str) -> list[Offer] | None:
    """The functions and classes of a file of Python that a word begins to name, `layers.py:aff`; None for another
    word."""
    path, colon, _ = word.rpartition(":")
    from backprop.cli.reading import CODE, read_text

    if not colon or not path.endswith(CODE):
        return None
    from backprop.python.texts.source import Code, part_of

    code = Code([part_of(read_text(path), path)])
    return list(matching([Offer(f"{path}:{name}") for name in [*code.functions(), *code.classes()]], word))


def gates() -> Iterator[Offer]:
    """The gates by all of their names."""
    from backprop.gates import NAMES

    return (Offer(name, gate.says) for name, gate in NAMES.items())


# ── what the shells are told ──

BASH = r"""_backprop() {
    local kind word says IFS=$'\n' current="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    while IFS=$'\t' read -r kind word says; do
        if [[ $kind == file ]]; then
            local path="${current#=}" at=""
            [[ $path == @* || ${COMP_WORDS[COMP_CWORD - 1]} == *@ ]] && at=@ path="${path#@}"
            [[ $at ]] || compopt -o filenames 2>/dev/null
            while read -r word; do COMPREPLY+=("$at$word"); done < <(compgen -f -- "$path")
        else
            [[ $word == *[=\(/,] ]] && compopt -o nospace
            COMPREPLY+=("$word")
        fi
    done < <(_BACKPROP_COMPLETE=bash_complete "$1" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _backprop backprop
"""

ZSH = r"""#compdef backprop
_backprop() {
    local line kind word says
    local -a words_ says_ open_
    local -a fields
    local -a typed=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    for line in "${(@f)$(_BACKPROP_COMPLETE=zsh_complete ${words[1]} "${(@)typed}" 2>/dev/null)}"; do
        fields=("${(@ps:\t:)line}")
        kind=$fields[1] word=$fields[2] says=$fields[3]
        if [[ $kind == file ]]; then
            [[ -n $word ]] && compset -P "${(b)word}"
            _files
        elif [[ $kind == word && $word == *[=\(/,] ]]; then
            open_+=("$word")
        elif [[ $kind == word ]]; then
            words_+=("$word")
            says_+=("${word}${says:+  -- $says}")
        fi
    done
    (( $#open_ )) && compadd -S '' -a open_
    (( $#words_ )) && compadd -l -d says_ -a words_
}
compdef _backprop backprop
"""

FISH = r"""function __backprop_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string unescape 2>/dev/null; or commandline -ct | string trim -l -c "\"'")
    for line in (_BACKPROP_COMPLETE=fish_complete $words[1] $words[2..-1] "$current" 2>/dev/null)
        set -l fields (string split \t -- $line)
        if test $fields[1] = file
            set -l rest (string sub -s (math 1 + (string length -- "$fields[2]")) -- "$current")
            for path in (__fish_complete_path $rest)
                echo $fields[2]$path
            end
        else
            printf '%s\t%s\n' $fields[2] $fields[3]
        end
    end
end
complete -c backprop -f -a '(__backprop_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
