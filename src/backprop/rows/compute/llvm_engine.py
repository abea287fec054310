"""The program of a circuit as one vectorised loop, compiled by LLVM (the extra `jit`).

IEEE arithmetic without fast-math. exp, log, sin, … are calls of the C library, of which LLVM is told the vector
versions that this machine's libmvec holds (glibc 2.22 and later; most functions 2.35), at most 4 ulp off. That is said
call by call ("vector-function-abi-variant"), and not by LLVM's option -vector-library: a name that it does not know
would end the process. Without libmvec the calls stay what they are.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop.errors import install
from backprop.rows.compute.numpy_engine import BLOCK, Kernel, joined
from backprop.rows.compute.program import Met, Program

Array = NDArray[np.float64]

OPERATIONS = {
    "add": "fadd double {0}, {1}", "subtract": "fsub double {0}, {1}", "multiply": "fmul double {0}, {1}",
    "divide": "fdiv double {0}, {1}", "negate": "fneg double {0}", "square": "fmul double {0}, {0}",
    "reciprocal": "fdiv double 0x3FF0000000000000, {0}", "less": "fcmp olt double {0}, {1}",
    "less_equal": "fcmp ole double {0}, {1}", "greater": "fcmp ogt double {0}, {1}",
    "greater_equal": "fcmp oge double {0}, {1}", "equal": "fcmp oeq double {0}, {1}",
    "not_equal": "fcmp une double {0}, {1}",
}  # fmt: skip
INTRINSICS = {"sqrt": "sqrt", "abs": "fabs", "floor": "floor", "ceil": "ceil", "trunc": "trunc", "round": "rint"}
EXTREMES = {"max": "oge", "min": "ole"}  # how the one compares with the other that it is
SAME = """
    exp exp2 expm1 log log2 log10 log1p cbrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf
    erfc
"""
LIBRARY = {"power": "pow", **{name: name for name in SAME.split()}}
OTHERS = frozenset(["where", "and", "or", "number of", "sign", "mod"])
SUPPORTED = frozenset([*OPERATIONS, *INTRINSICS, *EXTREMES, *LIBRARY, *OTHERS])


def missing(program: Program) -> str:
    """Why a program cannot be compiled here, or "" if it can."""
    try:
        import llvmlite  # noqa: F401
    except ImportError:
        return f"llvmlite is not installed: {install('jit')}"
    unknown = sorted({step.gate for step in program.steps} - SUPPORTED)
    return f"{', '.join(unknown)} cannot be compiled" if unknown else ""


class LlvmKernel(Kernel):
    """The compiled program; it takes and gives what the NumPy kernel does."""

    def __init__(self, program: Program) -> None:
        import ctypes

        super().__init__(program)
        self.engine = compiled(loop(program, self.computed))
        pointers = len(program.inputs) + len(self.computed) + 1
        signature = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3, *[ctypes.c_void_p] * pointers)
        self.call = signature(self.engine.get_function_address("rows"))

    def run(
        self, columns: Sequence[Array], rows: int, *, threads: int = 1, out: Sequence[Array] | None = None
    ) -> tuple[list[Array], list[Met]]:
        """The same, of columns whose numbers lie one behind the other."""
        contiguous = [np.ascontiguousarray(column, dtype=float) for column in columns]
        return super().run(contiguous, rows, threads=threads, out=out)

    def part(self, columns: Sequence[Array], results: list[Array], first: int, last: int, threads: int) -> list[Met]:
        """Run over some rows; what the watches met.

        The compiler leaves the rows that do not fill its vectors to scalar functions, whose last digits may be others.
        So the last few rows are computed among enough copies: what a row gives does not depend on how many there are.
        """
        middle = first + (last - first) // BLOCK * BLOCK
        met = [self.block(columns, results, first, middle, middle)]
        if middle < last:
            few = [np.resize(column[middle:last], BLOCK) for column in columns]
            found = [np.empty(BLOCK) for _ in results]
            met.append(
                [
                    (count, start + middle if count else -1)
                    for count, start in self.block(few, found, 0, BLOCK, last - middle)
                ]
            )
            for result, block in zip(results, found, strict=True):
                result[middle:last] = block[: last - middle]
        return [joined(counts) for counts in zip(*met, strict=True)]

    def block(self, columns: Sequence[Array], results: Sequence[Array], first: int, last: int, limit: int) -> list[Met]:
        """Run over some rows; what the watches met before the limit."""
        met = np.zeros(2 * len(self.program.watches) + 1, dtype=np.int64)
        self.call(first, last, limit, *[array.ctypes.data for array in (*columns, *results, met)])
        pairs = met[:-1].reshape(-1, 2).tolist()
        return [(count, start if count else -1) for count, start in pairs]


# ── the text of the loop ──


def loop(program: Program, computed: list[int]) -> str:
    """The program in LLVM's language: a function of the first row, the row behind the last, the one from which
    rows are not counted, and the columns.
    """
    text = Text(program)
    columns = [f"ptr noalias nocapture readonly %in{index}" for index in range(len(program.inputs))]
    results = [f"ptr noalias nocapture %out{index}" for index in range(len(computed))]
    for index, wire in enumerate(program.inputs.values()):
        if any(wire in step.sources for step in program.steps):
            text.load(wire, f"%in{index}")
    for step in program.steps:
        text.step(step.gate, step.sources, step.out)
    for index, wire in enumerate(computed):
        text.store(wire, f"%out{index}")
    heads, tails = text.watches()
    declared = "\n".join(sorted(text.declared))
    kept = ""
    if text.vectors:
        names = ", ".join(f"ptr @{name}" for name in sorted(text.vectors))
        kept = f'@llvm.compiler.used = appending global [{len(text.vectors)} x ptr] [{names}], section "llvm.metadata"'
    arguments = ", ".join(["i64 %lo", "i64 %hi", "i64 %limit", *columns, *results, "ptr noalias nocapture %met"])
    body, attributes = "\n".join(text.lines), "\n".join(text.attributes.values())
    return f"""{declared}
{kept}
define void @rows({arguments}) nounwind {{
entry:
  %some = icmp slt i64 %lo, %hi
  br i1 %some, label %loop, label %done
loop:
  %i = phi i64 [%lo, %entry], [%next, %loop]
{heads}
{body}
  %next = add nuw nsw i64 %i, 1
  %more = icmp slt i64 %next, %hi
  br i1 %more, label %loop, label %after
after:
{tails}
  br label %done
done:
  ret void
}}
{attributes}
"""


class Text:
    """The lines of the loop, and what they call."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.vectors: set[str] = set()
        self.attributes: dict[str, str] = {}
        self.names = {wire: literal(value) for wire, value in program.numbers.items()}
        self.counter = 0

    def line(self, text: str) -> str:
        """A line that gives a new name its value."""
        self.counter += 1
        self.lines.append(f"  %t{self.counter} = {text}")
        return f"%t{self.counter}"

    def load(self, wire: int, column: str) -> None:
        at = self.line(f"getelementptr inbounds double, ptr {column}, i64 %i")
        self.names[wire] = self.line(f"load double, ptr {at}, align 8")

    def store(self, wire: int, column: str) -> None:
        at = self.line(f"getelementptr inbounds double, ptr {column}, i64 %i")
        self.lines.append(f"  store double {self.names[wire]}, ptr {at}, align 8")

    def number(self, wire: int) -> str:
        """A wire as a number, also where it is a mask."""
        if wire not in self.program.masks:
            return self.names[wire]
        return self.line(f"uitofp i1 {self.names[wire]} to double")

    def step(self, gate: str, sources: tuple[int, ...], out: int) -> None:
        if gate in ("and", "or"):
            left, right = (self.names[source] for source in sources)
            self.names[out] = self.line(f"{gate} i1 {left}, {right}")
        elif gate == "where":
            mask = self.names[sources[0]]
            x, y = (self.number(source) for source in sources[1:])
            self.names[out] = self.line(f"select i1 {mask}, double {x}, double {y}")
        else:
            self.names[out] = self.gate(gate, [self.number(source) for source in sources])

    def gate(self, gate: str, x: list[str]) -> str:
        if gate == "number of":
            return x[0]
        if gate in OPERATIONS:
            return self.line(OPERATIONS[gate].format(*x))
        if gate in INTRINSICS:
            name = f"llvm.{INTRINSICS[gate]}.f64"
            self.declared.add(f"declare double @{name}(double)")
            return self.line(f"call double @{name}(double {x[0]})")
        if gate in LIBRARY:
            return self.library(LIBRARY[gate], x)
        if gate in EXTREMES:
            return self.extreme(EXTREMES[gate], *x)
        return self.sign(*x) if gate == "sign" else self.mod(*x)

    def library(self, name: str, x: list[str]) -> str:
        """A call of the C library, with its vector versions."""
        if name not in self.attributes:
            of = ", ".join("double" for _ in x)
            self.declared.add(f"declare double @{name}({of}) nounwind willreturn memory(none)")
            variants = []
            for letter, width in widths():
                vector = f"_ZGV{letter}N{width}{'v' * len(x)}_{name}"
                if has(vector):
                    lanes = ", ".join(f"<{width} x double>" for _ in x)
                    self.declared.add(f"declare <{width} x double> @{vector}({lanes}) nounwind willreturn memory(none)")
                    self.vectors.add(vector)
                    variants.append(f"{vector}({vector})")
            said = f'"vector-function-abi-variant"="{",".join(variants)}"' if variants else ""
            self.attributes[name] = f"attributes #{len(self.attributes)} = {{ nounwind {said} }}"
        number = list(self.attributes).index(name)
        return self.line(f"call double @{name}({', '.join(f'double {one}' for one in x)}) #{number}")

    def extreme(self, compared: str, x: str, y: str) -> str:
        """The one of two numbers; nan if one is nan."""
        better = self.line(f"fcmp {compared} double {x}, {y}")
        nan = self.line(f"fcmp uno double {x}, {x}")
        takes = self.line(f"or i1 {better}, {nan}")
        return self.line(f"select i1 {takes}, double {x}, double {y}")

    def sign(self, x: str) -> str:
        above = self.line(f"fcmp ogt double {x}, {literal(0.0)}")
        below = self.line(f"fcmp olt double {x}, {literal(0.0)}")
        nan = self.line(f"fcmp uno double {x}, {x}")
        rest = self.line(f"select i1 {nan}, double {x}, double {literal(0.0)}")
        rest = self.line(f"select i1 {below}, double {literal(-1.0)}, double {rest}")
        return self.line(f"select i1 {above}, double {literal(1.0)}, double {rest}")

    def mod(self, x: str, y: str) -> str:
        """The remainder with the sign of y."""
        self.declared.add("declare double @fmod(double, double) nounwind willreturn memory(none)")
        self.declared.add("declare double @llvm.copysign.f64(double, double)")
        rest = self.line(f"call double @fmod(double {x}, double {y})")
        zero = self.line(f"call double @llvm.copysign.f64(double {literal(0.0)}, double {y})")
        none = self.line(f"fcmp oeq double {rest}, {literal(0.0)}")
        low, negative = (self.line(f"fcmp olt double {one}, {literal(0.0)}") for one in (rest, y))
        differ = self.line(f"xor i1 {low}, {negative}")
        moved = self.line(f"fadd double {rest}, {y}")
        rest = self.line(f"select i1 {differ}, double {moved}, double {rest}")
        return self.line(f"select i1 {none}, double {zero}, double {rest}")

    def watches(self) -> tuple[str, str]:
        """Counting the rows of each watch, and finding the first one."""
        heads, tails = [], []
        valid = self.line("icmp slt i64 %i, %limit") if self.program.watches else ""
        for index, wire in enumerate(self.program.watches):
            mask = self.line(f"and i1 {self.names[wire]}, {valid}")
            one = self.line(f"zext i1 {mask} to i64")
            count = self.line(f"add i64 %count{index}, {one}")
            here = self.line(f"select i1 {mask}, i64 %i, i64 9223372036854775807")
            less = self.line(f"icmp slt i64 {here}, %first{index}")
            first = self.line(f"select i1 {less}, i64 {here}, i64 %first{index}")
            heads.append(f"  %count{index} = phi i64 [0, %entry], [{count}, %loop]")
            heads.append(f"  %first{index} = phi i64 [9223372036854775807, %entry], [{first}, %loop]")
            for place, value in ((2 * index, count), (2 * index + 1, first)):
                tails.append(f"  %at{place} = getelementptr inbounds i64, ptr %met, i64 {place}")
                tails.append(f"  store i64 {value}, ptr %at{place}, align 8")
        return "\n".join(heads), "\n".join(tails)


def literal(value: float) -> str:
    """A number, to the last bit."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


# ── the machine ──


@cache
def library_loaded() -> bool:
    """Whether there is a vector math library; loaded if so."""
    import llvmlite.binding as llvm

    try:
        llvm.load_library_permanently("libmvec.so.1")
    except RuntimeError:
        return False
    return True


@cache
def has(symbol: str) -> bool:
    """Whether the vector math library has a function."""
    import llvmlite.binding as llvm

    return library_loaded() and bool(llvm.address_of_symbol(symbol))


@cache
def widths() -> list[tuple[str, int]]:
    """The letters of the vector function ABI that this processor can run, and how many numbers each takes."""
    import llvmlite.binding as llvm

    triple, features = llvm.get_default_triple(), llvm.get_host_cpu_features()
    if triple.startswith("aarch64"):
        return [("n", 2)]
    if not triple.startswith("x86_64"):
        return []
    return [
        pair
        for feature, pair in {"sse4.2": ("b", 2), "avx2": ("d", 4), "avx512f": ("e", 8)}.items()
        if features.get(feature)
    ]


def compiled(text: str) -> Any:
    """The machine code of a text in LLVM's language."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        opt=3, cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), jit=True
    )
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_default_triple()
    module.data_layout = str(machine.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = True
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine
