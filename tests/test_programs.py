"""Programs that fit into other people's: names, headers, modules, types; compiled and run by what people use."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from backprop import evaluate
from backprop.cli import main
from backprop.emit import Request, write
from backprop.emit.targets.jax import Jax
from backprop.emit.targets.numpy import NumPy
from backprop.emit.targets.torch_words import Torch
from backprop.errors import Problem
from backprop.library import Compiled
from programs import CASES, STAGED, by_program, tensor_programs
from seeds import SEED
from tensor_cases import CASES as TENSOR_CASES
from tensor_cases import built

STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wmissing-prototypes", "-Wdouble-promotion", "-Werror"]
COMPILERS = [
    pytest.param(cc, marks=pytest.mark.skipif(which(cc) is None, reason=f"no {cc}")) for cc in ("gcc", "clang")
]
NODE = pytest.mark.skipif(which("node") is None, reason="there is no Node")
AT = {"x": 3.0, "y": -4.0}


def emitted(folder: Path, name: str, *arguments: str) -> str:
    """A program as the command line writes it into a file."""
    with pytest.raises(SystemExit) as left:
        main(["code", *arguments, "-o", str(folder / name)])
    assert not left.value.code
    return (folder / name).read_text()


def run(folder: Path, *command: str) -> str:
    """What a command prints that succeeds."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ── names ──


@pytest.mark.parametrize("to", ["python", "numpy", "torch", "jax", "c", "javascript", "sql", "latex", "markdown"])
@pytest.mark.parametrize("at", [None, AT])
def test_every_target_calls_its_program_as_it_is_told(to: str, at: dict[str, float] | None) -> None:
    text = write(Request(Compiled(STAGED).circuit(), at=at, name="area_under"), to)
    assert "backprop(" not in text
    assert "area_under" in text or to == "latex"
    if to == "python":
        scope: dict = {"__name__": "__main__"}
        exec(text, scope)
        assert scope["area_under"](*[AT[name] for name in Compiled(STAGED).variables])[0] == evaluate(STAGED, AT).value


NO_NAMES = ["for", "a-b", "2x", "sigmoid", "θ x", ""]


@pytest.mark.parametrize(
    ("to", "name"),
    [(to, name) for to in ("python", "c", "javascript", "numpy") for name in NO_NAMES] + [("python", "math")],
)
def test_a_name_that_the_target_cannot_give_is_refused(to: str, name: str) -> None:
    with pytest.raises(Problem, match="a function cannot be called") as problem:
        write(Request(Compiled("exp(x) + sigmoid(x)").circuit(), name=name), to)
    assert (problem.value.kind, problem.value.hint[:19]) == ("option", 'for example: name="')


def test_a_variable_gives_way_to_the_function() -> None:
    scope: dict = {}
    exec(write(Request(Compiled("area * exp(area_)").circuit(), name="area"), "python"), scope)
    assert scope["area"](2.0, 0.0) == (2.0, {"area": 1.0, "area_": 2.0})


# ── C ──


@pytest.mark.parametrize("compiler", COMPILERS)
def test_two_formulas_link_into_one_program(compiler: str, tmp_path: Path) -> None:
    emitted(tmp_path, "neuron.c", "sigmoid(w*x) + max(w, gelu(x))", "--name", "neuron")
    emitted(tmp_path, "neuron.h", "sigmoid(w*x) + max(w, gelu(x))", "--name", "neuron")
    emitted(tmp_path, "loss.c", "max(softplus(x), sigmoid(x)) + 0*unused", "--name", "loss")
    emitted(tmp_path, "loss.h", "max(softplus(x), sigmoid(x)) + 0*unused", "--name", "loss")
    (tmp_path / "main.c").write_text(
        '#include "loss.h"\n#include "loss.h"\n#include "neuron.h"\n#include <stdio.h>\n'
        "int main(void) { double g[2], h[2], f = neuron(2.0, 3.0, g), k = loss(f, 1.0, h);\n"
        '  printf("%.17g %.17g %.17g %.17g", f, g[0], g[1], k); return 0; }\n'
    )
    run(tmp_path, compiler, *STRICT, "neuron.c", "loss.c", "main.c", "-lm", "-o", "both")
    found = [float(word) for word in run(tmp_path, "./both").split()]
    expected = evaluate("sigmoid(w*x) + max(w, gelu(x))", w=2, x=3)
    last = evaluate("max(softplus(x), sigmoid(x))", x=expected.value).value
    assert found == pytest.approx([expected.value, *expected.gradients.values(), last], rel=1e-13)


def test_a_header_is_for_cpp_too(tmp_path: Path) -> None:
    compiler = which("g++")
    if compiler is None:
        pytest.skip("there is no g++")
    emitted(tmp_path, "area.h", "x*y", "--name", "area")
    (tmp_path / "main.cpp").write_text('#include "area.h"\nint main() { double g[2]; return area(1, 2, g) != 2; }\n')
    run(tmp_path, compiler, "-fsyntax-only", "-Wall", "-Werror", "main.cpp")


@pytest.mark.parametrize("compiler", COMPILERS)
def test_c_is_clean(compiler: str, tmp_path: Path) -> None:
    names = []
    for number, (text, cases) in enumerate(list(by_program(CASES).items())[::6]):
        for at in (None, cases[0][1]):
            names.append(f"p{number}_{at is None}.c")
            (tmp_path / names[-1]).write_text(write(Request(Compiled(text).circuit(), at=at, main=at is None), "c"))
    run(tmp_path, compiler, *STRICT, "-fsyntax-only", *names)


def test_there_is_a_main_program_only_when_asked(tmp_path: Path) -> None:
    assert "main(" not in emitted(tmp_path, "p.c", "x*y")
    for point in ([], ["--x", "2", "--y", "3"]):
        assert "int main(int argc" in emitted(tmp_path, "p.c", "x*y", "--main", *point)
    assert "int main(void)" in emitted(tmp_path, "p.c", "x*y", "--x", "2", "--y", "3")
    with pytest.raises(SystemExit) as left:
        main(["code", "x*y", "--main", "--to", "python"])
    assert left.value.code == 2


# ── JavaScript ──


@NODE
@pytest.mark.parametrize(("suffix", "line"), [
    (".mjs", 'import { area } from "./area.mjs";'),
    (".cjs", 'const { area } = require("./area.cjs");'),
])  # fmt: skip
def test_javascript_is_a_module(suffix: str, line: str, tmp_path: Path) -> None:
    for point in ((), ("--x", "3", "--y", "-4")):
        emitted(tmp_path, f"area{suffix}", STAGED, "--name", "area", *point)
        (tmp_path / f"main{suffix}").write_text(f"{line}\nconsole.log(JSON.stringify(area(-4, 3)));\n")
        found = json.loads(run(tmp_path, "node", f"main{suffix}"))
        expected = evaluate(STAGED, AT)
        assert found["value"] == pytest.approx(expected.value, rel=1e-13)
        assert found["gradients"] == pytest.approx(expected.gradients, rel=1e-13)


TSC = which("tsc")


@pytest.mark.skipif(TSC is None, reason="there is no TypeScript")
def test_typescript_is_strict_and_runs(tmp_path: Path) -> None:
    assert TSC is not None
    emitted(tmp_path, "area.ts", "gelu(x)*y + max(x, y)*(x > y)", "--name", "area", "--x", "2", "--y", "0.5")
    emitted(tmp_path, "three.ts", "1 + 2", "--name", "three")  # tests itself, without a gradient
    names = ["area.ts", "three.ts"]
    for number, text in enumerate(list(by_program(CASES))[::6]):
        names.append(f"p{number}.ts")
        (tmp_path / names[-1]).write_text(write(Request(Compiled(text).circuit(), form=".ts"), "javascript"))
    strict = ["--strict", "--noUnusedLocals", "--noUnusedParameters", "--noUncheckedIndexedAccess"]
    run(tmp_path, TSC, *strict, "--target", "es2022", "--outDir", "out", *names)
    (tmp_path / "out" / "package.json").write_text('{"type": "module"}')
    run(tmp_path, "node", "out/area.js")


@pytest.mark.skipif(TSC is None, reason="there is no TypeScript")
def test_types_stand_beside_a_module(tmp_path: Path) -> None:
    assert TSC is not None
    emitted(tmp_path, "area.mjs", "x*y", "--name", "area")
    text = emitted(tmp_path, "area.d.mts", "x*y", "--name", "area")
    assert text == emitted(tmp_path, "area.d.ts", "x*y", "--name", "area")
    (tmp_path / "right.mts").write_text(
        'import { area } from "./area.mjs";\nexport const g: number = area(1, 2).gradients.x;\n'
    )
    (tmp_path / "wrong.mts").write_text(
        'import { area } from "./area.mjs";\nexport const g: number = area(1, "2").gradients.z;\n'
    )
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext"]
    run(tmp_path, TSC, *options, "right.mts")
    done = subprocess.run([TSC, *options, "wrong.mts"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.count("error") == 2


def test_types_need_nothing_else(tmp_path: Path) -> None:
    text = emitted(tmp_path, "area.d.ts", "1 + 2", "--name", "three")
    assert text == "// 1 + 2\nexport function three(): { value: number; gradients: {} };\n"


# ── Python ──


def test_python_is_typed(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    for number, (text, cases) in enumerate(list(by_program(CASES).items())[::5]):
        for at in (None, cases[0][1]):
            path = tmp_path / f"p{number}_{at is None}.py"
            path.write_text(write(Request(Compiled(text).circuit(), at=at), "python"))
    run(tmp_path, sys.executable, "-m", "mypy", "--strict", "--cache-dir=/dev/null", ".")


def test_python_defines_each_function_once() -> None:
    for text in [*by_program(CASES), "sinc(x) + digamma(y)"]:
        made = ast.parse(write(Request(Compiled(text).circuit()), "python")).body
        names = [one.name for one in made if isinstance(one, ast.FunctionDef)]
        assert len(names) == len({*names}), text


@pytest.mark.parametrize("kind", ["", ": float"])
def test_python_reads_back_with_its_types_and_without(kind: str, tmp_path: Path) -> None:
    text = "where(x > 0, log(x), digamma(y)) * gelu(y)"
    source = emitted(tmp_path, "p.py", text, "--x", "2", "--y", "0.5")
    (tmp_path / "p.py").write_text(source if kind else source.replace(": float", "").replace(" -> float", ""))
    with pytest.raises(SystemExit) as left:
        main(["check", text, "--x", "2", "--y", "0.5", "--backward", str(tmp_path / "p.py")])
    assert not left.value.code


# ── what a line reads is known from the wires ──


@pytest.mark.parametrize("to", ["numpy", "torch", "jax"])
def test_a_line_reads_what_stands_in_it(to: str) -> None:
    kind = {"numpy": NumPy, "torch": Torch, "jax": Jax}[to]
    cases = [built(case) for case in TENSOR_CASES]
    cases += [(Compiled(text).circuit(at), at) for text, at in tensor_programs(SEED, 30)]
    cases += [(Compiled(text).circuit(), found[0][1]) for text, found in list(by_program(CASES).items())[::4]]
    for circuit, at in cases:
        circuit.names.setdefault(circuit.output, "f")
        for point in (None, at):
            listing = Request(circuit, at=point).listing(kind())
            known = {*listing.inputs.values(), *(line.name for line in listing.lines), listing.upstream}
            for line in listing.lines:
                words = {node.id for node in ast.walk(ast.parse(line.text)) if isinstance(node, ast.Name)}
                assert (words & known) - {line.name} == line.reads - {line.name, "number"}, line
