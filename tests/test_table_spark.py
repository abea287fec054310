"""The schema that Spark is told: from any of the forms in which Spark hands out its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import backprop
from backprop.rows import arrow_mapper
from backprop.rows.compute import mapper

pytest.importorskip("pyarrow")


def struct(**kinds: str) -> Any:
    """What `df.schema` looks like."""
    fields = [
        SimpleNamespace(name=name, dataType=SimpleNamespace(simpleString=lambda kind=kind: kind))
        for name, kind in kinds.items()
    ]
    return SimpleNamespace(fields=fields)


NEW = "`f` double, `df_dx` array<double>"


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ("x array<double>, k decimal(10,2)", "x array<double>, k decimal(10,2)"),
        ("struct<x:array<double>,k:struct<a:int,b:map<string,int>>>", None),
        (struct(x="array<double>", k="map<string,int>"), "`x` array<double>, `k` map<string,int>"),
        ([("k", "string"), ("x", "array<double>")], "`k` string, `x` array<double>"),
        ("x: array<double>, `a, b` double NOT NULL", "x: array<double>, `a, b` double NOT NULL"),
    ],
)
def test_a_schema_takes_what_spark_hands_out(before: Any, kept: str | None) -> None:
    kept = kept or "`x` array<double>, `k` struct<a:int,b:map<string,int>>"
    assert arrow_mapper("sum(x^2)").schema(before) == f"{kept}, {NEW}"
    assert arrow_mapper("sum(x^2)", only_new=True).schema(before) == NEW


def test_a_schema_with_columns_of_any_name() -> None:
    assert arrow_mapper("2*`a b`").schema([("a b", "int")]) == "`a b` int, `f` double, `df_da b` double"


@pytest.mark.parametrize("before", ["x", "x double, f double", "y double"])
def test_a_schema_that_does_not_fit_is_told(before: str) -> None:
    with pytest.raises(backprop.Problem):
        arrow_mapper("sum(x)").schema(before)
    with pytest.raises(backprop.Problem):
        arrow_mapper("2*z").schema(before)


def test_a_partition_gives_the_same_digits_however_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiled program takes over at one row of a partition: before it nothing depends on other partitions."""
    pyarrow, llvm = pytest.importorskip("pyarrow"), pytest.importorskip("llvmlite")
    assert llvm
    monkeypatch.setattr(mapper, "WORTH_COMPILING", 500)
    add = arrow_mapper("sin(x)*exp(y)^2/tanh(x + y)")
    whole = pyarrow.RecordBatch.from_pydict({"x": [row / 7 + 0.1 for row in range(300)], "y": [0.3, 0.7, 1.1] * 100})
    cuts = [[whole.slice(at, size) for at in range(0, 300, size)] for size in (7, 300, 64)]
    first, *others = [pyarrow.Table.from_batches(add(batches)).combine_chunks() for batches in cuts]
    assert all(other.equals(first) for other in others)
