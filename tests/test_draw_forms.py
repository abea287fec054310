"""The pictures and the texts for other tools: whole, well formed, and proof against what the user calls things."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import backprop
from backprop.draw.boxes import Options, picture
from backprop.draw.dot import dot
from backprop.draw.figures import short
from backprop.draw.mermaid import mermaid
from backprop.draw.png import covered, picture_png, png, uncovered
from backprop.draw.scene import Scene, scene
from backprop.draw.svg import svg
from backprop.draw.tikz import escaped, tikz
from backprop.show.palette import PALETTES
from backprop.show.text import latex_text
from browser import chromium, npm
from circuits import REFERENCES, STAGED
from conftest import ROOT, in_process, shell
from terminals import screen

SVG = "{http://www.w3.org/2000/svg}"
SIZE = re.compile(rb"IHDR(....)(....)", re.DOTALL)

HOSTILE = (
    'end = x + y  # "]; </title><script>alert(1)</script> --> %{{ ]]> \\input{x} @startuml\n'
    "class(a, b) = a*b + _u_; graph = class(end, θ); ªº = graph^2 - 变量/2; "
    "subgraph = where(x <= 1, max(ªº, x_, 3), clip(y, 0, 1)); ﬁ = log(x)*(subgraph != 4) + subgraph; ﬁ*é",
    {"x": -1.0, "y": 2.0, "_u_": 3.0, "θ": 1e-9, "变量": 5.0, "x_": 1e300, "é": 2.0},
)
PROGRAMS = {
    "notes": ("(x+y)*z", {"x": -2.0, "y": 5.0, "z": -4.0}),
    "staged": STAGED,
    "number": ("5", {}),
    "input": ("x", {"x": 1.0}),
    "same": ("x*x - x", {"x": 3.0}),
    "hostile": HOSTILE,
    "perceptron": REFERENCES["perceptron-60"][:2],
}


def scene_of(text: str, point: dict[str, float], *, fold: bool = False) -> Scene:
    compiled = backprop.compile(text)
    evaluation = compiled.evaluate({name: value for name, value in point.items() if name in compiled.variables})
    return scene(evaluation.run, evaluation.names, fold=fold)


# ── SVG and PNG ──


def test_the_picture_in_the_readme_is_the_one_that_is_drawn(update: bool, tmp_path: Path) -> None:
    kept = ROOT / "docs" / "draw.svg"
    done = in_process('backprop draw "(x+y)*z" --x -2 --y 5 --z -4 -o draw.svg', tmp_path)
    assert done.returncode == 0
    made = (tmp_path / "draw.svg").read_text()
    if update:
        kept.write_text(made)
    assert kept.read_text() == made


@pytest.mark.parametrize("name", PROGRAMS)
def test_svg_shows_every_gate_value_gradient_and_share(name: str) -> None:
    made = scene_of(*PROGRAMS[name])
    root = ElementTree.fromstring(svg(picture(made)))
    texts = {
        role: [e.text for e in root.iter(f"{SVG}text") if e.get("class") == role]
        for role in ("value", "gradient", "share")
    }
    shown = [node for node in made.nodes if node.kind != "number"]
    assert texts["value"] == [short(node.value) for node in shown]
    assert texts["gradient"] == [short(node.gradient) for node in shown if node.gradient is not None]
    forks = [len(uses) > 1 and node.gradient is not None for node, uses in zip(made.nodes, made.uses(), strict=True)]
    assert texts["share"] == [
        short(sent)
        for node in made.nodes
        for source, sent in zip(node.inputs, node.sent, strict=True)
        if forks[source] and sent is not None
    ]
    assert len([e for e in root.iter(f"{SVG}rect") if e.get("class") == "gate"]) == made.gates


@pytest.mark.parametrize("name", PROGRAMS)
def test_svg_is_described_and_holds_nothing_that_runs(name: str) -> None:
    made = scene_of(*PROGRAMS[name])
    root = ElementTree.fromstring(svg(picture(made)))
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert (title.text or "").startswith("Circuit of ")
    for node in made.nodes:
        assert node.kind != "input" or f"{node.name}: value" in (description.text or "")
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "path",
        "g",
        "circle",
        "text",
    }


def test_svg_texts_stay_inside_their_boxes_and_apart() -> None:
    for text, point in PROGRAMS.values():
        root = ElementTree.fromstring(svg(picture(scene_of(text, point))))
        sizes = {"label": 14, "input": 14, "name": 12, "value": 12, "gradient": 12, "share": 10}
        boxes = []
        for element in root.iter(f"{SVG}text"):
            role = str(element.get("class"))
            x, y, words = float(str(element.get("x"))), float(str(element.get("y"))), element.text or ""
            wide = 0.602 * sizes[role] * len(words)
            left = x - {"input": 0.0, "share": wide}.get(role, wide / 2)
            boxes.append((left, y - 0.76 * sizes[role], left + wide, y + 0.24 * sizes[role], words))
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]), (a, b)


@pytest.mark.parametrize("inputs", [2, 3, 4, 6, 9])
def test_every_wire_into_a_gate_ends_inside_of_it(inputs: int) -> None:
    names = "abcdghijk"[:inputs]
    made = picture(scene_of(f"max({', '.join(names)})", {name: float(i) for i, name in enumerate(names)}))
    root = ElementTree.fromstring(svg(made))
    gate = next(one for one in root.iter(f"{SVG}rect") if one.get("class") == "gate")
    top, height = float(str(gate.get("y"))), float(str(gate.get("height")))
    heights = [port for _, _, port in made.places(inputs).inputs]
    assert len(heights) == inputs
    assert all(top < port < top + height for port in heights)
    tall = re.search(r"minimum height=([\d.]+)pt", tikz(made))
    assert tall
    assert float(tall[1]) > 0.75 * (heights[-1] - heights[0])  # a point there is 0.75 of one here


def test_a_worksheet_has_boxes_and_its_key_the_same_layout(tmp_path: Path) -> None:
    done = in_process('backprop draw "(x+y)*z" --x -2 --y 5 --z -4 --blank -o sheet.svg', tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    sheet = ElementTree.parse(tmp_path / "sheet.svg").getroot()
    key = ElementTree.parse(tmp_path / "sheet-key.svg").getroot()
    drawn = [
        [(e.tag, sorted(e.attrib.items())) for e in root.iter() if e.get("class") in ("gate", "wire", "fork")]
        for root in (sheet, key)
    ]
    assert drawn[0] == drawn[1]
    roles = [[e.get("class") for e in root.iter()] for root in (sheet, key)]
    assert roles[0].count("value") == 3  # the inputs are given
    assert roles[0].count("blank") == 2 + 5
    assert roles[0].count("gradient") == 0
    assert (roles[1].count("value"), roles[1].count("gradient"), roles[1].count("blank")) == (5, 5, 0)
    text = (tmp_path / "sheet.svg").read_text()
    assert "-12" not in text
    assert "−12" not in text


def test_a_worksheet_has_all_numbers_that_are_computed_with(tmp_path: Path) -> None:
    point = "--W '[[1, 2, 3], [4, 5, 6]]' --x '[7, 8, 9]'"
    done = in_process(f"backprop draw 'sum(W @ x)' {point} --blank -o sheet.svg", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[[1.00 2.00 3.00] [4.00 5.00 6.00]]" in (tmp_path / "sheet.svg").read_text()
    assert "[[7.00 8.00 9.00] [7.00 8.00 9.00]]" in (tmp_path / "sheet-key.svg").read_text()
    done = in_process("backprop draw 'sum(W)' --W 'ones(3, 6)' --blank -o sheet.svg", tmp_path)
    assert "W is too large for a sheet" in done.stderr


def test_a_worksheet_for_tex_has_boxes_and_its_key_the_same_layout(tmp_path: Path) -> None:
    done = in_process('backprop draw "(x+y)*z" --x -2 --y 5 --z -4 --blank --theme print -o sheet.tex', tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    sheet, key = ((tmp_path / name).read_text(encoding="utf-8") for name in ("sheet.tex", "sheet-key.tex"))
    wires = [[line for line in text.splitlines() if "[bpwire]" in line] for text in (sheet, key)]
    assert wires[0] == wires[1]
    counts = [
        [text.count(part) for part in (r"\node[bpvalue]", r"\node[bpgradient]", "rectangle")] for text in (sheet, key)
    ]
    assert counts == [[3, 0, 2 + 5], [5, 5, 0]]  # the inputs are given
    assert "12.00" not in sheet
    assert "12.00" in key


@pytest.mark.parametrize("theme", PALETTES)
def test_colours_can_be_read(theme: str) -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    palette = PALETTES[theme]
    for ground in (palette.background, palette.panel):
        for colour in (palette.text, palette.faint, palette.value, palette.gradient):
            light, dark = sorted((luminance(ground), luminance(colour)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_png_has_its_text_without_any_font_of_the_system() -> None:
    pytest.importorskip("resvg_py", reason="resvg-py is not installed")
    placed = picture(scene_of(*STAGED))
    drawn, missing = picture_png(placed, Options())
    assert missing == ""
    width, height = (int.from_bytes(part, "big") for part in SIZE.search(drawn).groups())  # type: ignore[union-attr]
    assert (width, height) == pytest.approx([2 * side + 56 for side in placed.layout.size], abs=2)
    bare, _ = picture_png(picture(scene_of(*STAGED), values=False), Options(values=False))
    without = re.sub(r"<text.*?</text>", "", svg(placed))
    assert len(png(without, placed.layout.size, system_fonts=False)) < 0.7 * len(drawn)
    assert len(bare) < len(drawn)


def test_the_font_has_what_it_is_said_to_have() -> None:
    tools = pytest.importorskip("fontTools.ttLib", reason="fontTools is not installed")
    folder = Path(backprop.__file__).parent / "draw" / "fonts"
    assert "Bitstream Vera" in (folder / "LICENSE").read_text()
    for file in folder.glob("*.ttf"):
        has = set(tools.TTFont(file).getBestCmap())
        assert {ord(c) for c in covered()} <= has
    assert {*"−×÷·≤≥≠∞Σ²³ⁿθσЖ…∂ 0Aé"} <= covered()
    assert uncovered("x变θ量") == "变量"


def test_png_without_resvg_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "resvg_py.py").write_text("raise ImportError")
    done = shell("PYTHONPATH=. backprop draw x --x 1 -o x.png", tmp_path)
    assert done.returncode == 2
    assert 'pip install ".[png]"' in done.stderr
    assert not (tmp_path / "x.png").exists()


def test_characters_that_the_font_lacks_are_named(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="resvg-py is not installed")
    done = in_process("backprop draw 变量*2 --变量 1 -o x.png", tmp_path)
    assert done.returncode == 0
    assert "变 量" in done.stderr


# ── texts for other tools ──


def edges_of(made: Scene) -> list[tuple[int, int]]:
    return [(source, index) for index, node in enumerate(made.nodes) for source in node.inputs]


@pytest.mark.parametrize("name", PROGRAMS)
def test_dot_accepts_the_text(name: str) -> None:
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed")
    made = scene_of(*PROGRAMS[name])
    for values in (True, False):
        done = subprocess.run(
            ["dot", "-Tsvg"], input=dot(made, values=values), capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        root = ElementTree.fromstring(done.stdout)
        titles = [e.text for e in root.iter(f"{SVG}title")]
        assert sorted(t for t in titles if t and "->" in t and "out" not in t) == sorted(
            f"n{a}->n{b}" for a, b in edges_of(made)
        )


def test_operands_are_in_order_in_every_text() -> None:
    made = scene_of("y - x + x/y", {"x": 1.0, "y": 2.0})
    for text, arrow in ((dot(made), " -> "), (mermaid(made), r" -->(?:\|.*\|)? ")):
        found = re.findall(rf"^ *n(\d+){arrow}n(\d+)", text, re.MULTILINE)
        assert [(int(source), int(target)) for source, target in found] == edges_of(made)


def test_mermaid_accepts_the_text(request: pytest.FixtureRequest) -> None:
    cache = request.config.cache
    assert cache is not None
    script = npm("mermaid", "dist/mermaid.min.js", cache.mkdir("npm"))
    with chromium() as browser:
        tab = browser.new_page()
        tab.add_script_tag(path=script)
        tab.evaluate("mermaid.initialize({startOnLoad: false})")
        for name, (text, point) in PROGRAMS.items():
            made = scene_of(text, point)
            parsed, drawn = tab.evaluate(
                "async t => [await mermaid.parse(t), (await mermaid.render('drawn', t)).svg]", mermaid(made)
            )
            assert parsed["diagramType"].startswith("flowchart"), name
            assert drawn.count('class="node ') + drawn.count('class="node ') >= len(made.nodes), name
            assert "<script" not in drawn
        shown = tab.evaluate("t => { document.body.innerHTML = t; return document.body.textContent; }", drawn)
        assert "tanh" in shown
        broken = "mermaid.parse('flowchart LR\\n a[\"').then(() => 'fine', () => 'wrong')"
        assert tab.evaluate(broken) == "wrong"


@pytest.mark.parametrize("name", PROGRAMS)
def test_pdflatex_accepts_the_text(name: str, tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    for file in ("tikz.sty", "standalone.cls"):
        if not subprocess.run(["kpsewhich", file], capture_output=True, timeout=60).stdout:
            pytest.skip(f"TeX has no {file}")
    (tmp_path / "circuit.tex").write_text(tikz(picture(scene_of(*PROGRAMS[name]))), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "circuit.tex"],
        cwd=tmp_path, capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert b"Output written on circuit.pdf (1 page" in done.stdout.replace(b"\n", b"")
    assert b"Missing character" not in (tmp_path / "circuit.log").read_bytes()


# ── the command ──


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-o x.jpg", "what should x.jpg be?"),
        ("-o x", "what should x be?"),
        ("-o x.pdf", "-o x.tex, then pdflatex x.tex"),
        ("--blank", "--blank makes a picture"),
        ("--blank -o x.html", "--blank makes a picture"),
        ("--fold -o x.html", "--fold does not make a page"),
        ("--blank --no-values -o x.svg", "do not go together"),
        ("--as tree", "and not tree"),
    ],
)
def test_what_cannot_be_drawn_is_said(words: str, message: str, tmp_path: Path) -> None:
    done = in_process(f'backprop draw "x*y" --x 1 --y 2 {words}', tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [
        (".svg", "<svg"),
        (".dot", "digraph"),
        (".gv", "digraph"),
        (".mmd", "flowchart LR"),
        (".tex", "\\documentclass"),
        (".html", "<!doctype html>"),
    ],
)
def test_the_suffix_says_what_is_written(suffix: str, begins: str, tmp_path: Path) -> None:
    done = in_process(f'backprop draw "(x+y)*z" --x -2 --y 5 --z -4 -o c{suffix}', tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / f"c{suffix}").read_text().startswith(begins)


def test_a_large_circuit_is_drawn_with_a_remark(tmp_path: Path) -> None:
    text, point, _ = REFERENCES["perceptron-450"]
    (tmp_path / "large.bp").write_text(text)
    assignments = " ".join(f"--{name} {value}" for name, value in point.items() if re.search(rf"\b{name}\b", text))
    done = in_process(f"backprop draw -f large.bp {assignments} -o large.svg", tmp_path)
    assert done.returncode == 0
    assert re.search(r"note: \d+ gates are a lot for one picture: --fold .* and -o circuit.html", done.stderr)
    folded = in_process(f"backprop draw -f large.bp {assignments} --fold -o small.svg", tmp_path)
    assert folded.stderr == ""
    assert (tmp_path / "small.svg").stat().st_size < 0.5 * (tmp_path / "large.svg").stat().st_size


# ── arrays ──

NETWORK = "sum(tanh(W @ x + b)^2, axis=0) + sum(x*x)"
ARRAYS = "--W '[[1,2],[3,4],[5,6]]' --x '[1,0.5]' --b '[1,2,-3]'"


def test_arrays_show_their_shapes_and_small_ones_their_values(tmp_path: Path) -> None:
    for suffix in ("svg", "dot", "mmd", "tex", "png"):
        done = in_process(f'backprop draw "{NETWORK}" {ARRAYS} -o c.{suffix}', tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), suffix
    root = ElementTree.parse(tmp_path / "c.svg").getroot()
    texts = [(e.get("class"), e.text) for e in root.iter(f"{SVG}text")]
    for shown in (
        ("name", "(3×2)"),
        ("value", "[[1.00 … 6.00]]"),
        ("value", "[1.00 0.50]"),
        ("name", "(2)"),
        ("name", "f"),
    ):
        assert shown in texts
    x = backprop.evaluate(NETWORK, W=[[1, 2], [3, 4], [5, 6]], x=[1, 0.5], b=[1, 2, -3]).gradients["x"]
    assert ("gradient", short(x)) in texts
    shares = [text for role, text in texts if role == "share"]
    assert shares == [short(x - 2 * np.array([1, 0.5]))]


def test_arrays_on_the_terminal(tmp_path: Path) -> None:
    wires = shell(f'COLUMNS=200 backprop draw "{NETWORK}" {ARRAYS}', tmp_path).stdout
    assert "(tanh)" in wires
    lanes = shell(f'COLUMNS=80 backprop draw "{NETWORK}" {ARRAYS}', tmp_path).stdout
    assert re.search(r"q1 = W @ x +\[2, 5, 8\] ", lanes)


def test_folding_arrays_keeps_what_is_sent() -> None:
    compiled = backprop.compile("h = tanh(W @ x + b); f = sum(h*h + h)")
    evaluation = compiled.evaluate(W=[[1.0, 2.0], [3.0, -4.0]], x=[0.1, 0.2], b=[0.3, 0.4])
    made = scene(evaluation.run, evaluation.names, fold=True)
    node = next(node for node in made.nodes if node.name == "h")
    assert [made.nodes[source].name for source in node.inputs] == ["W", "x", "b"]
    for source, sent in zip(node.inputs, node.sent, strict=True):
        assert np.allclose(sent, evaluation.gradients[made.nodes[source].name], rtol=1e-12)


def test_greek_letters_are_letters_in_tex() -> None:
    assert escaped("αςΥΧο") == r"$\alpha$$\varsigma$$\Upsilon$$\mathrm{X}$$o$"
    assert escaped("ϙά") == "U+03D9U+03AC"  # of which TeX has none
    assert latex_text("λΡ") == r"\ensuremath{\lambda}\ensuremath{\mathrm{P}}"


def test_no_bytes_are_shown_on_a_terminal(tmp_path: Path) -> None:
    shown = screen('backprop draw "x*y" --x 1 --y 2 --as png', 80, tmp_path)
    assert shown.startswith("error: a terminal shows text, and these are bytes")
    assert "-o FILE" in shown
