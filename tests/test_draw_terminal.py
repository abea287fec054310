"""The drawings on a terminal: what is read off the characters is the circuit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import backprop
from backprop.draw.lanes import lanes
from backprop.draw.scene import STAGES, Scene, scene
from backprop.draw.terminal import Screen, draw
from backprop.draw.wires import Drawing, connections, read, wires
from circuits import random_program, random_tree
from conftest import shell


def scene_of(text: str, point: dict[str, float] | None = None, *, fold: bool = False) -> Scene:
    compiled = backprop.compile(text)
    given = point or {name: 0.5 + i for i, name in enumerate(compiled.variables)}
    evaluation = compiled.evaluate({name: value for name, value in given.items() if name in compiled.variables})
    return scene(evaluation.run, evaluation.names, fold=fold)


def lines_of(drawing: Drawing) -> list[str]:
    return ["".join(character for character, _ in row) for row in drawing.canvas.rows()]


def test_wires_read_back_as_the_circuit(seed: int, full: bool) -> None:
    for number in range(500 if full else 15):
        made = scene_of(*(random_tree(12, seed + number) if number % 5 == 0 else random_program(seed + number)))
        drawing = wires(made)
        assert read(drawing.canvas.rows(), drawing) == connections(made), f"seed {seed + number}"


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x*x",
        "x*x*x + x",
        "x*0 + 5",
        "5",
        "where(x > y, x, 2)",
        "max(a, b, c, d, a*b)",
        "θ*变量 + 变量",
        "f = 2*3; f*x",
        "a = x; a",
    ],
)
def test_wires_of_odd_circuits_read_back(text: str) -> None:
    made = scene_of(text)
    drawing = wires(made)
    assert read(drawing.canvas.rows(), drawing) == connections(made)


def test_the_reader_notices_what_is_wrong() -> None:
    made = scene_of("(x + y)*x")
    drawing = wires(made)
    rows = drawing.canvas.rows()
    connected = connections(made)
    noticed = 0
    for r, row in enumerate(rows):
        for c, (character, role) in enumerate(row):
            if role == "wire" and character in "─│╭╮╰╯├┤┬┴┼" and (r, c) not in drawing.ports:
                row[c] = (" ", role)
                noticed += read(rows, drawing) != connected
                row[c] = (character, role)
    assert noticed > 20
    assert read(rows, drawing) == connected


def test_lanes_are_drawn_where_the_reader_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    made = scene_of("(x + y)*z")
    screen = Screen(width=200)
    assert "(+)" in draw(made, screen)[0]
    monkeypatch.setattr("backprop.draw.terminal.read", lambda rows, drawing: set())
    text, note = draw(made, screen, form="wires")
    assert "○" in text
    assert "lanes" in note


def test_wires_where_they_fit_and_lanes_where_they_do_not() -> None:
    made = scene_of("(x + y)*z")
    assert "(+)" in draw(made, Screen(width=40))[0]
    assert "○" in draw(made, Screen(width=20))[0]
    assert "(+)" in draw(made, Screen(width=20), form="wires")[0]
    assert "○" in draw(made, Screen(width=40), form="lanes")[0]


def lanes_read_back(made: Scene) -> set[tuple[str, str]]:
    """Which rows' names feed which, read off the lanes alone."""
    found = set()
    holds: dict[int, str] = {}
    for row in lanes(made):
        text = "".join(character for character, _ in row)
        name = "".join(character for character, role in row if role == "name")
        graph = "".join(character for character, role in row if role == "wire")
        own = next(i for i, c in enumerate(graph) if c in "●○■")
        if "●" in text or "■" in text:
            if own in holds:
                found.add((holds.pop(own), name))
            for step in (-1, 1):  # along the row, until no line goes on
                at = own + step
                while 0 <= at < len(graph) and graph[at] in "─┼╯╰┴┤├╋":
                    if graph[at] in "─┼" and at % 2 == 0:
                        assert (graph[at] == "┼") == (at in holds), "a lane that is crossed goes on, and no other is"
                    if graph[at] in "╯╰┴┤├╋" and at % 2 == 0:
                        found.add((holds[at], name))
                        if graph[at] in "╯╰┴":
                            del holds[at]
                    at += step
        if "■" not in graph:
            holds[own] = name
    return found


def test_lanes_read_back_as_the_circuit(seed: int, full: bool) -> None:
    for number in range(300 if full else 30):
        made = scene_of(*random_program(seed + number))
        nodes = made.nodes
        wanted = {(nodes[source].name, node.name) for node in nodes for source in node.inputs}
        assert lanes_read_back(made) == wanted, f"seed {seed + number}"


def test_every_value_and_gradient_stands_on_the_lanes() -> None:
    made = scene_of("q = x + y; f = q*z", {"x": -2.0, "y": 5.0, "z": -4.0})
    text = draw(made, Screen(width=80), form="lanes")[0]
    found = {
        words[1]: words[-2:]
        for words in (line.replace("│ ", "").replace("●─╯", "●").split() for line in text.splitlines())
    }
    assert found == {"x": ["-2", "-4"], "y": ["5", "-4"], "z": ["-4", "3"], "q": ["3", "-4"], "f": ["-12", "1"]}


def test_ascii_is_ascii_and_colour_is_only_colour() -> None:
    made = scene_of("max(x*y, z)^2 / 3 - θ <= 4")
    for form in ("wires", "lanes"):
        plain = draw(made, Screen(width=200), form=form)[0]
        assert re.sub(r"\x1b\[\d+(;\d+)*m", "", draw(made, Screen(200, colour=True), form=form)[0]) == plain
        assert draw(made, Screen(200, ascii_only=True), form=form)[0].replace("θ", "?").isascii()


def test_the_locale_decides_on_ascii(tmp_path: Path) -> None:
    command = 'PYTHONIOENCODING=ascii backprop draw "(x+y)*z" --x -2 --y 5 --z -4'
    done = shell(command, tmp_path)
    assert done.stdout.isascii()
    assert "(+)" in done.stdout


def test_folding_keeps_value_and_gradients() -> None:
    text, point = (
        "n = tanh(a*x + b*y + c); m = n*n + a; f = (a + b + c + x)*m",
        {"a": 0.3, "b": -0.7, "c": 0.2, "x": 1.5, "y": -0.4},
    )
    whole, folded = scene_of(text, point), scene_of(text, point, fold=True)
    assert folded.gates < whole.gates
    by_wire = {node.wire: node for node in whole.nodes}
    arrived: dict[int, float] = {}
    for node in folded.nodes:
        assert (node.value, node.gradient) == (by_wire[node.wire].value, by_wire[node.wire].gradient)
        for source, sent, local in zip(node.inputs, node.sent, node.local, strict=True):
            if sent is not None and local is not None and node.gradient is not None:
                assert sent == pytest.approx(local * node.gradient)
                arrived[source] = arrived.get(source, 0.0) + sent
    for index, node in enumerate(folded.nodes):
        if index != folded.output and node.gradient is not None:
            assert arrived[index] == pytest.approx(node.gradient, abs=1e-12)


def test_shares_add_up_to_the_gradient(seed: int) -> None:
    for number in range(20):
        made = scene_of(*random_program(seed + number))
        arrived = [0.0] * len(made.nodes)
        for node in made.nodes:
            for source, sent in zip(node.inputs, node.sent, strict=True):
                arrived[source] += sent or 0.0
        for index, node in enumerate(made.nodes):
            if node.gradient is not None and index != made.output:
                assert arrived[index] == pytest.approx(node.gradient, rel=1e-9, abs=1e-12)
        assert sum(node.kind == STAGES for node in made.nodes) == made.gates
