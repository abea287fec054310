"""Many rows: value and all gradients for columns in memory, beside the peers; and whole processes from file to file.

    python bench/programs/rows.py [--rows 2000000] [--quick] [--files] [--sql] [--write]

CPU nanoseconds per row on one thread, medians of passes that alternate between the programs, each a process of its own.
`--files` measures tables instead, against Polars with derivatives that were derived by hand; `--sql` measures `map`
against its own SQL in DuckDB. `--write` puts the tables into bench/RESULTS.md. Peers that are not installed are left
out (pip install ".[bench]"); gcc is used if there.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from machine import machine, put


def random_expression(gates: int = 100, variables: int = 8, seed: int = 7) -> str:
    """A random expression of so many gates over eight variables, smooth everywhere."""
    dice = random.Random(seed)

    def build(left: int) -> str:
        if left <= 0:
            return f"x{dice.randrange(variables)}"
        if left >= 2 and dice.random() < 0.35:
            gate = dice.choice(["exp", "log", "sin", "tanh", "pow", "sin", "tanh"])
            if gate == "exp":
                return f"exp(tanh({build(left - 2)}))"
            if left >= 4 and gate in ("log", "pow"):
                inner = f"1+({build(left - 3)})**2"
                return f"log({inner})" if gate == "log" else f"({inner})**0.7"
            return f"{'sin' if gate in ('log', 'pow') else gate}({build(left - 1)})"
        operator = dice.choice("+-**")
        return f"({build((left - 1) // 2)}{operator}{build(left - 1 - (left - 1) // 2)})"

    return build(gates)


FORMULAS = {
    "(x+y)*z": "(x+y)*z",
    "neuron": "1/(1+exp(-(w0*x0+w1*x1+w2)))",
    "staged": "(x+sigmoid(y))/(sigmoid(x)+(x+y)**2)",
    "100 gates": random_expression(),
}
FUNCTIONS = ("exp", "log", "sin", "tanh", "sqrt")

Pass = Callable[[], Any]


def names_of(formula: str) -> list[str]:
    import backprop

    return backprop.compile(formula).variables


def columns_of(names: list[str], rows: int) -> list[Any]:
    import numpy as np

    dice = np.random.default_rng(5)
    return [dice.normal(size=rows) * 0.5 + 1.0 for _ in names]


def scope_of(module: Any, sigmoid: Callable[[Any], Any]) -> dict[str, Any]:
    return {**{name: getattr(module, name) for name in FUNCTIONS}, "sigmoid": sigmoid}


def forward(formula: str, names: list[str], scope: dict[str, Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = eval(f"lambda {', '.join(names)}: {formula}", scope)
    return made


# ── programs: each gives a function that makes one pass and returns the columns ──


def backprop_kernel(formula: str, columns: list[Any], engine: str, threads: int = 1) -> Pass:
    import numpy as np

    from backprop.rows.compute.mapper import Mapper

    mapper = Mapper(formula, engine=engine)
    kernel = mapper.kernel(len(columns[0]))
    if mapper.remark:
        raise RuntimeError(mapper.remark)
    out = [np.empty(len(columns[0])) for _ in kernel.computed]
    return lambda: kernel.run(columns, len(columns[0]), threads=threads, out=out)[0]


def run_numpy(formula: str, columns: list[Any]) -> Pass:
    return backprop_kernel(formula, columns, "numpy")


def run_jit(formula: str, columns: list[Any]) -> Pass:
    return backprop_kernel(formula, columns, "jit")


def run_numpy_2(formula: str, columns: list[Any]) -> Pass:
    return backprop_kernel(formula, columns, "numpy", 2)


def run_jit_2(formula: str, columns: list[Any]) -> Pass:
    return backprop_kernel(formula, columns, "jit", 2)


def run_torch(formula: str, columns: list[Any]) -> Pass:
    import torch

    torch.set_num_threads(1)
    f = forward(formula, names_of(formula), scope_of(torch, torch.sigmoid))
    inputs = [torch.from_numpy(column).requires_grad_(True) for column in columns]
    ones = torch.ones(len(columns[0]), dtype=torch.float64)

    def one() -> Any:
        value = f(*inputs)
        return value.detach(), *torch.autograd.grad(value, inputs, ones)

    return one


def run_jax(formula: str, columns: list[Any]) -> Pass:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    f = forward(formula, names_of(formula), scope_of(jnp, jax.nn.sigmoid))

    def value_and_gradients(*x: Any) -> Any:
        value, pull = jax.vjp(f, *x)
        return value, *pull(jnp.ones_like(value))

    compiled = jax.jit(value_and_gradients)
    inputs = [jnp.asarray(column) for column in columns]
    return lambda: jax.block_until_ready(compiled(*inputs))


def run_autograd(formula: str, columns: list[Any]) -> Pass:
    import autograd.numpy as anp
    from autograd import make_vjp

    f = forward(formula, names_of(formula), scope_of(anp, lambda x: 1.0 / (1.0 + anp.exp(-x))))
    ones = anp.ones(len(columns[0]))

    def one() -> Any:
        pull, value = make_vjp(lambda x: f(*x))(columns)
        return value, *pull(ones)

    return one


def run_casadi(formula: str, columns: list[Any]) -> Pass:
    import casadi
    import numpy as np

    names = names_of(formula)
    vector = casadi.SX.sym("v", len(names))
    f = forward(formula, names, scope_of(casadi, lambda x: 1.0 / (1.0 + casadi.exp(-x))))
    value = f(*[vector[i] for i in range(len(names))])
    rows = len(columns[0])
    function = casadi.Function("f", [vector], [value, casadi.gradient(value, vector)]).map(rows)
    stacked, values, gradients = np.stack(columns, 1).ravel(), np.zeros(rows), np.zeros(rows * len(names))
    buffer, evaluate = function.buffer()
    buffer.set_arg(0, memoryview(stacked))
    buffer.set_res(0, memoryview(values))
    buffer.set_res(1, memoryview(gradients))

    def one(_: Any = (function, buffer)) -> Any:
        evaluate()
        return values, *(gradients[i :: len(names)] for i in range(len(names)))

    return one


def straight_line(formula: str) -> tuple[list[str], list[tuple[str, str, list[str]]], list[str]]:
    """The program of backprop as lines for other compilers: inputs, (result, gate, operands), outputs."""
    from backprop.rows.compute.mapper import Mapper

    made = Mapper(formula).program(choosing=True)
    texts = {wire: name for name, wire in made.inputs.items()}
    texts |= {wire: f"({value!r})" for wire, value in made.numbers.items()}
    lines = []
    for step in made.steps:
        texts[step.out] = f"t{step.out}"
        lines.append((texts[step.out], step.gate, [texts[source] for source in step.sources]))
    return list(made.inputs), lines, [texts[wire] for wire in made.outputs]


C_FORMS = {
    "add": "{}+{}", "subtract": "{}-{}", "multiply": "{}*{}", "divide": "{}/{}", "negate": "-{}", "square": "{0}*{0}",
    "reciprocal": "1.0/{}", "greater_equal": "{}>={}", "abs": "fabs({})", "power": "pow({},{})", "exp": "exp({})",
    "log": "log({})", "sin": "sin({})", "cos": "cos({})", "tanh": "tanh({})", "sqrt": "sqrt({})",
}  # fmt: skip


def expression(gate: str, operands: list[str], where: str) -> str:
    return where.format(*operands) if gate == "where" else C_FORMS[gate].format(*operands)


def run_numba(formula: str, columns: list[Any]) -> Pass:
    import numba
    import numpy as np

    inputs, lines, outputs = straight_line(formula)
    body = [f"{name} = in_{name}[i]" for name in inputs]
    body += [f"{name} = {expression(gate, operands, '{1} if {0} else {2}')}" for name, gate, operands in lines]
    body += [f"out{index}[i] = {name}" for index, name in enumerate(outputs)]
    arguments = ", ".join([*(f"in_{name}" for name in inputs), *(f"out{index}" for index in range(len(outputs)))])
    text = f"def f({arguments}):\n for i in range(len(in_{inputs[0]})):\n  " + "\n  ".join(body)
    import math

    scope = {name: getattr(math, name) for name in (*FUNCTIONS, "cos", "fabs", "pow")}
    exec(text, scope)
    compiled = numba.njit(error_model="numpy")(scope["f"])
    results = [np.empty(len(columns[0])) for _ in outputs]

    def one() -> Any:
        compiled(*columns, *results)
        return results

    return one


def run_numexpr(formula: str, columns: list[Any]) -> Pass:
    """One call for each value that is used more than once, and for each output."""
    import numexpr
    import numpy as np

    numexpr.set_num_threads(1)
    inputs, lines, outputs = straight_line(formula)
    uses: dict[str, int] = {}
    for _, _, operands in lines:
        for operand in operands:
            uses[operand] = uses.get(operand, 0) + 1
    texts: dict[str, str] = {}
    calls: list[tuple[str, str]] = []
    forms = {**C_FORMS, "abs": "abs({})", "power": "({})**({})"}
    for name, gate, operands in lines:
        inner = [texts.get(operand, operand) for operand in operands]
        text = f"where({', '.join(inner)})" if gate == "where" else f"({forms[gate].format(*inner)})"
        if (uses.get(name, 0) > 1 and gate != "greater_equal") or name in outputs:
            calls.append((name, text))
        else:
            texts[name] = text
    scope = dict(zip(inputs, columns, strict=True))
    scope |= {name: np.empty(len(columns[0])) for name, _ in calls}

    def one() -> Any:
        for name, text in calls:
            numexpr.evaluate(text, local_dict=scope, global_dict={}, out=scope[name])
        return [scope[name] for name in outputs]

    return one


def run_gcc(formula: str, columns: list[Any]) -> Pass:
    import ctypes

    import numpy as np

    inputs, lines, outputs = straight_line(formula)
    arguments = [f"const double*restrict in_{name}" for name in inputs]
    arguments += [f"double*restrict out{index}" for index in range(len(outputs))]
    body = [f"const double {name}=in_{name}[i];" for name in inputs]
    body += [f"const double {name}={expression(gate, operands, '{0}?{1}:{2}')};" for name, gate, operands in lines]
    body += [f"out{index}[i]={name};" for index, name in enumerate(outputs)]
    text = f"#include <math.h>\nvoid f(long n,{','.join(arguments)}){{for(long i=0;i<n;i++){{{''.join(body)}}}}}"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "f.c").write_text(text)
        command = ["gcc", "-O3", "-ffast-math", "-march=native", "-shared", "-fPIC", "f.c", "-o", "f.so", "-lm"]
        subprocess.run(command, cwd=folder, check=True)
        library = ctypes.CDLL(str(Path(folder, "f.so")))
    results = [np.empty(len(columns[0])) for _ in outputs]
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (*columns, *results)]

    def one() -> Any:
        library.f(ctypes.c_long(len(columns[0])), *pointers)
        return results

    return one


PROGRAMS: dict[str, tuple[str, Callable[[str, list[Any]], Pass]]] = {
    "backprop, NumPy": ("numpy", run_numpy),
    "backprop, jit": ("llvmlite", run_jit),
    "gcc -O3 -ffast-math": ("gcc", run_gcc),
    "numba": ("numba", run_numba),
    "numexpr": ("numexpr", run_numexpr),
    "torch, eager": ("torch", run_torch),
    "JAX": ("jax", run_jax),
    "autograd": ("autograd", run_autograd),
    "CasADi": ("casadi", run_casadi),
    "backprop, NumPy, 2 threads": ("numpy", run_numpy_2),
    "backprop, jit, 2 threads": ("llvmlite", run_jit_2),
}


def child(program: str, formula: str, rows: int) -> None:
    """Make a pass for each line that arrives; print its wall and CPU seconds."""
    names = names_of(FORMULAS[formula])
    columns = columns_of(names, rows)
    one = PROGRAMS[program][1](FORMULAS[formula], columns)
    found = [float(column[rows // 2]) for column in one()]
    print(json.dumps(found), flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        one()
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)


def measure(formula: str, rows: int, passes: int) -> Iterator[tuple[str, float, float, list[float]]]:
    """(program, CPU ns per row, wall ns per row, values in the middle row) for each program."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    running: dict[str, subprocess.Popen[str]] = {}
    found: dict[str, list[float]] = {}
    for program, (module, _) in PROGRAMS.items():
        if not (shutil.which("gcc") if module == "gcc" else importlib.util.find_spec(module)):
            continue
        process = subprocess.Popen(
            [sys.executable, __file__, "--child", program, formula, str(rows)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        if line:
            running[program], found[program] = process, json.loads(line)
        else:
            assert process.stderr is not None
            print(f"{program}: {(process.stderr.read().strip().splitlines() or ['died'])[-1][:100]}", file=sys.stderr)
    times: dict[str, list[tuple[float, float]]] = {program: [] for program in running}
    for _ in range(passes):
        for program, process in running.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            wall, cpu = map(float, process.stdout.readline().split())
            times[program].append((wall, cpu))
    for program, process in running.items():
        process.communicate()
        walls, cpus = zip(*times[program], strict=True)
        yield program, statistics.median(cpus) / rows * 1e9, min(walls) / rows * 1e9, found[program]


def memory_table(formulas: list[str], rows: int, passes: int) -> list[str]:
    lines = [f"## Rows in memory: CPU ns per row, one thread, {rows:,} rows", ""]
    table: dict[str, dict[str, float]] = {}
    walls: dict[str, dict[str, float]] = {}
    for formula in formulas:
        truth: list[float] = []
        for program, cpu, wall, found in measure(formula, rows, passes):
            truth = truth or found
            wrong = any(abs(a - b) > 1e-6 * (abs(a) + 1e-6) for a, b in zip(truth, found, strict=True))
            if wrong:
                print(f"{program}: ANOTHER ANSWER on {formula}", file=sys.stderr)
            table.setdefault(program, {})[formula] = cpu
            walls.setdefault(program, {})[formula] = wall
            print(f"{formula:12}{program:30}{cpu:10.2f} ns CPU {wall:10.2f} ns wall", flush=True)
    lines += [f"| program | {' | '.join(formulas)} |", f"|---|{'---:|' * len(formulas)}"]
    for program, cells in table.items():
        if "2 threads" not in program:
            row = " | ".join(f"{cells[formula]:.2f}" if formula in cells else "–" for formula in formulas)
            lines.append(f"| {program} | {row} |")
    lines += ["", "Two threads against one (best wall time):", ""]
    for engine in ("NumPy", "jit"):
        one, two = walls.get(f"backprop, {engine}", {}), walls.get(f"backprop, {engine}, 2 threads", {})
        said = [
            f"{formula} {one[formula] / two[formula]:.2f}" for formula in formulas if formula in one and formula in two
        ]
        lines.append(f"- {engine}: {', '.join(said)}")
    return lines


# ── files ──

BY_HAND = """
import sys, polars as pl
source, target = sys.argv[1:]
x, y, sigmoid = pl.col("x"), pl.col("y"), lambda v: 1 / (1 + (-v).exp())
scans = {"csv": pl.scan_csv, "parquet": pl.scan_parquet, "jsonl": pl.scan_ndjson}
rows = scans[source.rpartition(".")[2]](source)
rows = rows.with_columns(sx=sigmoid(x), sy=sigmoid(y), s=x + y)
rows = rows.with_columns(inv=1 / (pl.col("sx") + pl.col("s") * pl.col("s")))
rows = rows.with_columns(f=(x + pl.col("sy")) * pl.col("inv")).with_columns(dden=-pl.col("f") * pl.col("inv"))
rows = rows.with_columns(dxy=2 * pl.col("s") * pl.col("dden")).with_columns(
    df_dx=pl.col("inv") + pl.col("dxy") + (1 - pl.col("sx")) * pl.col("sx") * pl.col("dden"),
    df_dy=pl.col("dxy") + (1 - pl.col("sy")) * pl.col("sy") * pl.col("inv"),
).select("id", "x", "y", "f", "df_dx", "df_dy")
{"csv": rows.sink_csv, "parquet": rows.sink_parquet, "jsonl": rows.sink_ndjson}[target.rpartition(".")[2]](target)
"""
READ_ALONE = "import sys, polars as pl; pl.scan_csv(sys.argv[1]).select(pl.all().sum()).collect(engine='streaming')"


#: what is of this process alone: Polars, imported here, would tell the memory of all that are started how to be kept
OWN = {"PYTHONDONTWRITEBYTECODE", "_RJEM_MALLOC_CONF"}


def seconds(command: list[str], folder: str) -> float:
    """CPU seconds of a process, whose modules are compiled as where a program is installed."""
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    environment["PYTHONPYCACHEPREFIX"] = str(Path(folder, "compiled"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def files_table(rows: int, passes: int, forms: list[str]) -> list[str]:
    import numpy as np
    import polars as pl

    lines = [f"## From file to file: CPU seconds of the whole process, {rows:,} rows", ""]
    lines += ["| tables | backprop | Polars by hand | ratio |", "|---|---:|---:|---:|"]
    ours = str(Path(sys.executable).parent / "backprop")
    with tempfile.TemporaryDirectory() as folder:
        dice = np.random.default_rng(0)
        frame = pl.DataFrame({"id": np.arange(rows), "x": dice.normal(size=rows), "y": dice.normal(size=rows)})
        frame.write_csv(Path(folder, "t.csv"))
        frame.write_parquet(Path(folder, "t.parquet"))
        frame.write_ndjson(Path(folder, "t.jsonl"))
        os.sync()  # else the first runs pay for writing these
        for title, source, options, by_hand in (
            *((f"{suffix} to {suffix}", suffix, ["-o", f"ours.{suffix}"], BY_HAND) for suffix in forms),
            ("`--sum` of csv, against reading it", "csv", ["--sum", "-o", "ours.jsonl"], READ_ALONE),
        ):
            mapped = [ours, "map", FORMULAS["staged"], f"t.{source}", *options, "--quiet"]
            hand = [sys.executable, "-c", by_hand, f"t.{source}", f"hand.{source}"]
            pairs = [(seconds(mapped, folder), seconds(hand, folder)) for _ in range(passes + 1)][1:]
            lines.append(f"| {title} | {compared(pairs)} |")
            print(lines[-1], flush=True)
    return lines


# ── the emitted SQL ──

PRICE = (
    "d1 = (log(S/K) + (r + v^2/2)*t)/(v*sqrt(t)); d2 = d1 - v*sqrt(t); "
    "C = S*(1 + erf(d1/sqrt(2)))/2 - K*exp(-r*t)*(1 + erf(d2/sqrt(2)))/2"
)
QUERIES = {"logistic": "sigmoid(2*x - y + 1)", "Black and Scholes": PRICE}
RANGES = {"S": (50, 150), "K": (50, 150), "t": (0.1, 2), "r": (0, 0.05), "v": (0.1, 0.5)}
RUN = "import sys, duckdb; c = duckdb.connect(); c.sql('SET enable_progress_bar=false'); c.sql(sys.argv[1])"


def query_table(rows: int, passes: int) -> list[str]:
    """`map` against the query that `code --to sql` writes, run by DuckDB: files, and columns in memory."""
    import numpy as np
    import polars as pl

    lines = [f"## `map` against its own SQL in DuckDB: CPU seconds, {rows:,} rows", ""]
    lines += ["| formula, tables | map | DuckDB | ratio |", "|---|---:|---:|---:|"]
    ours, dice = str(Path(sys.executable).parent / "backprop"), np.random.default_rng(0)
    for title, formula in QUERIES.items():
        columns = {name: dice.uniform(*RANGES.get(name, (-2, 2)), size=rows) for name in names_of(formula)}
        with tempfile.TemporaryDirectory() as folder:
            frame = pl.DataFrame({"id": np.arange(rows), **columns})
            frame.write_csv(Path(folder, "t.csv"))
            frame.write_parquet(Path(folder, "t.parquet"))
            for suffix, options in (("parquet", ", COMPRESSION zstd"), ("csv", "")):
                query = query_of(formula, f"'t.{suffix}'")
                copy = f"COPY ({query}) TO 'd.{suffix}' (FORMAT {suffix}{options})"
                mapped = [ours, "map", formula, f"t.{suffix}", "-o", f"ours.{suffix}", "--quiet"]
                queried = [sys.executable, "-c", RUN, copy]
                pairs = [(seconds(mapped, folder), seconds(queried, folder)) for _ in range(passes + 1)][1:]
                lines.append(f"| {title}, {suffix} | {compared(pairs)} |")
        lines.append(f"| {title}, memory | {compared(in_memory(formula, columns, passes))} |")
        print(*lines[-3:], sep="\n", flush=True)
    return lines


def query_of(formula: str, table: str) -> str:
    command = [str(Path(sys.executable).parent / "backprop"), "code", formula, "--to", "sql", "--table", table]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip().rstrip(";")


def in_memory(formula: str, columns: dict[str, Any], passes: int) -> list[tuple[float, float]]:
    """CPU seconds on columns, which are the same to 12 digits."""
    import duckdb
    import numpy as np

    from backprop.rows.compute.mapper import Mapper

    query = query_of(formula, "points").replace("backprop_row.*,", "")
    database, mapper = duckdb.connect(), Mapper(formula)
    database.register("points", columns)
    theirs = database.sql(query).fetchnumpy()
    for name, column in mapper(columns).items():
        assert np.allclose(theirs[name], column, rtol=1e-12, atol=1e-12), name
    pairs = []
    for _ in range(passes):
        times = [time.process_time()]
        mapper(columns)
        times.append(time.process_time())
        database.sql(query).fetchnumpy()
        times.append(time.process_time())
        pairs.append((times[1] - times[0], times[2] - times[1]))
    return pairs


def compared(pairs: list[tuple[float, float]]) -> str:
    """Medians of both, and of their ratios."""
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return f"{mine:.2f} | {theirs:.2f} | {statistics.median(a / b for a, b in pairs):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--quick", action="store_true", help="fewer formulas, rows and passes")
    parser.add_argument("--files", action="store_true", help="from file to file")
    parser.add_argument("--sql", action="store_true", help="against the emitted SQL, run by DuckDB")
    parser.add_argument("--forms", default="csv,parquet,jsonl", help="the tables that --files measures")
    parser.add_argument("--write", action="store_true", help="put the table into bench/RESULTS.md")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], options.child[1], int(options.child[2]))
        return
    rows = options.rows or (200_000 if options.quick else 1_000_000 if options.files or options.sql else 2_000_000)
    passes = 3 if options.quick else 7
    formulas = ["(x+y)*z", "staged"] if options.quick else list(FORMULAS)
    if options.files:
        lines = files_table(rows, passes, options.forms.split(","))
    elif options.sql:
        lines = query_table(rows, passes)
    else:
        lines = memory_table(formulas, rows, passes)
    print("\n" + "\n".join([lines[0], "", machine(), *lines[1:]]))
    if options.write:
        put(lines)


if __name__ == "__main__":
    main()
