"""The emitted C against adjoint code written by hand, compiled alike: seconds of one over seconds of the other, paired.

    python bench/programs/code.py [--seeds 7] [--quick]

Random circuits of 100 gates have their adjoint code from the few lines below, which know nothing of the table: each
gate a line, cached values in the local derivatives (`1 - t*t` for tanh), then `d… +=` in reverse. The staged example of
the course notes and a network of 97 gates are written out. Both are functions of the same parameters in files of their
own, so that nothing is inlined; a round calls one and then the other, and the median of the rounds' ratios is shown.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from backprop.circuit import Circuit
from backprop.emit import Request, write
from backprop.gates import CONSTANT, INPUT
from backprop.library import Compiled

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from circuits import STAGED, random_expression

FLAGS = ("-O2", "-O3", "-O2 -march=native")

# ── adjoint code by hand, for any circuit ──

FORWARD = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}", "negate": "-{0}",
    "sin": "sin({0})", "cos": "cos({0})", "exp": "exp({0})", "tanh": "tanh({0})", "sigmoid": "1.0 / (1.0 + exp(-{0}))",
    "atan": "atan({0})", "softplus": "log1p(exp({0}))", "square": "{0} * {0}", "erf": "erf({0})",
    "asinh": "asinh({0})", "power": "{0} * {0}",
}  # fmt: skip
LOCAL = {
    "add": ("{g}", "{g}"), "subtract": ("{g}", "-{g}"), "multiply": ("{1} * {g}", "{0} * {g}"),
    "divide": ("{g} / {1}", "-{out} / {1} * {g}"), "negate": ("-{g}",), "sin": ("cos({0}) * {g}",),
    "cos": ("-sin({0}) * {g}",), "exp": ("{out} * {g}",), "tanh": ("(1.0 - {out} * {out}) * {g}",),
    "sigmoid": ("{out} * (1.0 - {out}) * {g}",), "atan": ("{g} / (1.0 + {0} * {0})",),
    "softplus": ("{g} / (1.0 + exp(-{0}))",), "square": ("2.0 * {0} * {g}",),
    "erf": ("1.1283791670955126 * exp(-{0} * {0}) * {g}",), "asinh": ("{g} / sqrt(1.0 + {0} * {0})",),
    "power": ("2.0 * {0} * {g}",),
}  # fmt: skip


def by_rote(circuit: Circuit) -> str:
    """The body of the adjoint code of a circuit; what the output does not depend on is left out."""
    needed = circuit.ancestors([circuit.output])
    names = {wire: f"v{wire}" for wire in needed} | {wire: name for name, wire in circuit.variables.items()}
    names |= {wire: repr(value) for wire, value in circuit.constants.items()}
    stages = [wire for wire in needed if circuit.gates[wire] not in (INPUT, CONSTANT)]
    assert all(circuit.constants[circuit.inputs[w][1]] == 2 for w in stages if circuit.gates[w].name == "power")
    lines = []
    for wire in stages:
        operands = [names[source] for source in circuit.inputs[wire]]
        lines.append(f"double {names[wire]} = {FORWARD[circuit.gates[wire].name].format(*operands)};")
    begun = {circuit.output}
    lines.append(f"double d{names[circuit.output]} = 1.0;")
    for wire in reversed(stages):
        operands = [names[source] for source in circuit.inputs[wire]]
        forms = LOCAL[circuit.gates[wire].name]
        for source, form in zip(circuit.inputs[wire], forms, strict=False):
            if source in circuit.constants:
                continue
            piece = form.format(*operands, g=f"d{names[wire]}", out=names[wire])
            lines.append(f"{'' if source in begun else 'double '}d{names[source]} {'+' * (source in begun)}= {piece};")
            begun.add(source)
    lines += [f"double d{name} = 0.0;" for name, wire in circuit.variables.items() if wire not in begun]
    return "\n".join([*lines, f"double value = {names[circuit.output]};"])


# ── adjoint code by hand, written out ──

STAGED_BY_HAND = """
double sigy = 1.0 / (1.0 + exp(-y));
double num = x + sigy;
double sigx = 1.0 / (1.0 + exp(-x));
double xpy = x + y;
double den = sigx + xpy * xpy;
double invden = 1.0 / den;
double value = num * invden;
double dnum = invden;
double dden = -invden * invden * num;
double dxpy = 2.0 * xpy * dden;
double dx = dxpy, dy = dxpy;
dx += (1.0 - sigx) * sigx * dden;
dx += dnum;
dy += (1.0 - sigy) * sigy * dnum;
"""

HIDDEN, OUT, INPUTS = range(6), range(2), range(5)
NETWORK = "; ".join(
    [f"h{j} = tanh({' + '.join(f'w{j}{i}*x{i}' for i in INPUTS)} + b{j})" for j in HIDDEN]
    + [f"o{k} = tanh({' + '.join(f'u{k}{j}*h{j}' for j in HIDDEN)} + c{k})" for k in OUT]
    + ["loss = (o0 - t0)^2 + (o1 - t1)^2"]
)
NETWORK_BY_HAND = """
#define UNIT(j) double h##j = tanh(w##j##0*x0 + w##j##1*x1 + w##j##2*x2 + w##j##3*x3 + w##j##4*x4 + b##j)
UNIT(0); UNIT(1); UNIT(2); UNIT(3); UNIT(4); UNIT(5);
#define OUTPUT(k) double o##k = tanh(u##k##0*h0 + u##k##1*h1 + u##k##2*h2 + u##k##3*h3 + u##k##4*h4 + u##k##5*h5 + c##k)
OUTPUT(0); OUTPUT(1);
double e0 = o0 - t0, e1 = o1 - t1;
double value = e0*e0 + e1*e1;
double dt0 = -2.0*e0, dt1 = -2.0*e1;
double dc0 = 2.0*e0 * (1.0 - o0*o0), dc1 = 2.0*e1 * (1.0 - o1*o1);
#define BACK(j) double du0##j = dc0*h##j, du1##j = dc1*h##j; \\
    double db##j = (dc0*u0##j + dc1*u1##j) * (1.0 - h##j*h##j); \\
    double dw##j##0 = db##j*x0, dw##j##1 = db##j*x1, dw##j##2 = db##j*x2, dw##j##3 = db##j*x3, dw##j##4 = db##j*x4
BACK(0); BACK(1); BACK(2); BACK(3); BACK(4); BACK(5);
#define INPUT(i) double dx##i = db0*w0##i + db1*w1##i + db2*w2##i + db3*w3##i + db4*w4##i + db5*w5##i
INPUT(0); INPUT(1); INPUT(2); INPUT(3); INPUT(4);
"""

HARNESS = """
#include <math.h>
#include <stdio.h>
#include <time.h>
double emitted({parameters});
double by_hand({parameters});
static double seconds(void) {{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}}
int main(void) {{
    double at[] = {{{point}}}, g[{count}], h[{count}], sink = 0.0;
    double a = emitted({values}, g), b = by_hand({values}, h);
    if (!(fabs(a - b) <= 1e-12 * (1 + fabs(b)))) return 1;
    for (int i = 0; i < {count}; i++) if (!(fabs(g[i] - h[i]) <= 1e-10 * (1 + fabs(h[i])))) return 2;
    for (int round = 0; round < {rounds}; round++) {{
        double first = seconds();
        for (int i = 0; i < {calls}; i++) {{ at[0] += 1e-9; sink += emitted({values}, g) + g[0]; }}
        double second = seconds();
        for (int i = 0; i < {calls}; i++) {{ at[0] += 1e-9; sink += by_hand({values}, h) + h[0]; }}
        double third = seconds();
        printf("%.17g %.17g\\n", second - first, third - second);
    }}
    return sink == 1.5;
}}
"""


def measured(text: str, at: dict[str, float], body: str, flags: str, rounds: int) -> tuple[float, float, float]:
    """Nanoseconds of a call of the emitted C and of that by hand, and the median ratio."""
    circuit = Compiled(text).circuit(at)
    names = list(circuit.variables)
    parameters = [f"double {name}" for name in names]
    stores = [f"gradients[{place}] = d{name};" for place, name in enumerate(names)]
    by_hand = "\n".join(["#include <math.h>", f"double by_hand({', '.join(parameters)}, double *gradients) {{", body,
                         *stores, "return value;", "}"])  # fmt: skip
    calls = 20_000 if len(circuit) < 40 else 4_000
    harness = HARNESS.format(
        parameters=", ".join([*parameters, "double *gradients"]), point=", ".join(repr(at[name]) for name in names),
        values=", ".join(f"at[{place}]" for place in range(len(names))), count=len(names), rounds=rounds, calls=calls,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        sources = {"emitted": write(Request(circuit, name="emitted"), "c"), "by_hand": by_hand, "harness": harness}
        for name, source in sources.items():
            (Path(folder) / f"{name}.c").write_text(source)
        defines = ["-D_POSIX_C_SOURCE=200809L"]
        command = ["cc", "-std=c11", *flags.split(), *defines, *(f"{name}.c" for name in sources), "-lm", "-o", "bench"]
        subprocess.run(command, cwd=folder, check=True)
        done = subprocess.run([f"{folder}/bench"], capture_output=True, text=True, check=True)
    times = [[float(word) / calls * 1e9 for word in line.split()] for line in done.stdout.splitlines()]
    emitted, hand = (statistics.median(column) for column in zip(*times, strict=True))
    return emitted, hand, statistics.median(a / b for a, b in times)


def random_circuit(seed: int, gates: int = 100) -> tuple[str, dict[str, float], int]:
    """A random program with that many gates on which its output depends."""
    for statements in range(gates // 4, 10 * gates):
        text, at = random_expression(statements, seed)
        circuit = Compiled(text).circuit(at)
        live = sum(circuit.gates[wire] not in (INPUT, CONSTANT) for wire in circuit.ancestors([circuit.output]))
        if live >= gates:
            break
    return text, {name: at[name] for name in circuit.variables}, live


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="three seeds, few rounds, -O2 alone")
    options = parser.parse_args()
    rounds = 11 if options.quick else 41
    print("| circuit | flags | emitted, ns | by hand, ns | ratio |\n|---|---|---:|---:|---:|")

    def row(name: str, flags: str, figures: tuple[float, float, float]) -> float:
        emitted, hand, ratio = figures
        print(f"| {name} | `{flags}` | {emitted:.0f} | {hand:.0f} | {ratio:.2f} |", flush=True)
        return ratio

    at = {f"{name}": 0.1 + 0.01 * place for place, name in enumerate(Compiled(NETWORK).variables)}
    for flags in FLAGS[:1] if options.quick else FLAGS:
        row("staged, by hand", flags, measured(STAGED[0], STAGED[1], STAGED_BY_HAND, flags, rounds))
        row("network of 97 gates, by hand", flags, measured(NETWORK, at, NETWORK_BY_HAND, flags, rounds))
        ratios = []
        for seed in range(3 if options.quick else options.seeds):
            text, point, live = random_circuit(seed)
            body = by_rote(Compiled(text).circuit(point))
            ratios.append(row(f"random, {live} gates, seed {seed}", flags, measured(text, point, body, flags, rounds)))
        print(f"| **random, median** | `{flags}` | | | **{statistics.median(ratios):.2f}** |")


if __name__ == "__main__":
    main()
