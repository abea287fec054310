"""Wrong words of new users on the command line: what is wrong is said, and the cure can be typed."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from backprop_cli import main

AT = "--x 1 --y 2 --z 3"
WRONG = [  # what is typed, and what is said of it
    ('draw "(x+y)*z" {at} --worksheet', "no option --worksheet", "did you mean --blank?"),
    ('draw "(x+y)*z" {at} --dark', "no option --dark", "did you mean --theme dark?"),
    ('draw "(x+y)*z" {at} sheet.svg', "more than one expression", "to write to a file: -o sheet.svg"),
    ('explain "(x+y)*z" {at} --only x', "no variable only", "did you mean --of?"),
    ('check "(x+y)*z" {at} --claim dx=3,dy=3', "a claim is one NAME=NUMBER", "--claim dx=3 --claim dy=3"),
    ('check "(x+y)*z" {at} --random -1', "--random takes a whole number from 1, and not -1", ""),
    ('check "(x+y)*z" {at} --dx 3', "dx is a gradient", "--claim dx="),
    ('nudge "x*y*z" {at} --by x=1,y=2', "--by takes one name", "--by x=1 --by y=2"),
    ('eval "x*y" --set "x=1; y=2"', "--set takes one name", "--set x=1 --set y=2"),
    ('eval "x*y*z" {at} --to c', "--to is an option of backprop code", ""),
    ('eval "x*y*z" {at} --stages', "--stages is an option of backprop check", ""),
    ('eval "tow" --to 1', "no variable to", "did you mean --tow?"),
    ("gates relu --to c", "there is no option --to", "it is an option of backprop code"),
    ("check a.py b.py", "more than one expression", "give one file at a time: a.py"),
    ('check "x*y*z" {at} --claim df/dx=3', "df/dx is neither", "did you mean df_dx?"),
    ("check layer.py", "there is no file layer.py", "did you mean layers.py?"),
    ("eval nothing.bp", "there is no file nothing.bp", ""),
    ('code "(x+y)*z" --to pytorch', "--to takes one of", "did you mean torch?"),
    ('minimize "(x-3)^2" --x 0 --lr 0.1', "no variable lr", "did you mean --rate?"),
    ('minimize "(x-3)^2" --x 5:1', "lower bound of x", "the lower one stands first"),
    ("--x 1", "no option --x before a command", 'backprop eval "(x+y)*z" --x'),
    ('eval "x*y" --x 1 --y', "--y needs a value", ""),
    ('eval "x*y*z" {at} --wrt "x y"', "no variable x y", "x,y"),
    ("eval -f a.json", "a.json:1:1", "--vars a.json"),
    ('eval "y = mx + b" --m 1 --x 2 --b 3', "mx is one name", "to multiply, write y = m*x + b"),
    ('eval "σ(Wx)" --W "[[1,2]]" --x "[1,2]"', "Wx is one name", "write σ(W @ x)"),
    ('eval "sinx + y" --x 1 --y 2', "sinx is one name", "write sin(x) + y"),
    ('eval "2xy" --x 1 --y 2', "2 and xy", "write 2*x*y"),
    ('eval "1/xy" --x 1 --y 2', "xy is one name", "write 1/(x*y)"),
    ('eval "2*πx" --x 1', "πx is one name", "write 2*π*x"),
    ('eval "sqrt2"', "no value for sqrt2", "sqrt(2)"),
    ('eval "exp^x" --x 1', "no value for exp", "exp(x)"),
    ('eval "w^T @ x" --w 1 --x 2', "no value for T", "the transpose is written .T"),
    ('eval "x*y" --x "" --y 1', "the value of x is empty", "write a number"),
    ('eval "x*y" --x "1, 2, 3" --y 1', "the value of x", "for an array, write [1, 2, 3]"),
    ('eval "x*y" --x "(1,5)" --y 1', "the value of x", "write 1.5; for an array, write [1, 5]"),
    ('eval "x*y" --x True --y 1', "True is a variable", "write 1"),
    ('eval "x" --x "randint(0.5, 2)"', "between whole numbers, and 0.5 is none", ""),
    ('eval "np.reshape(x, (0, 1))" --x "[[1]]"', "a comma does not belong here", "in square brackets, like [0, 1]"),
    ('eval "x.sum((0, 1))" --x "[[1]]"', "a comma does not belong here", "in square brackets, like [0, 1]"),
    ('eval "y = (1,5)*x" --x 1', "a comma does not belong in a number", "write 1.5"),
    ('map points.csv "a*b"', "points.csv is a file, and no expression", "backprop map 'a*b' points.csv"),
    ('map "a*b" points.csv', "no column a", "--delimiter ';'"),
    ('eval "d(x^2)/dx" --x 1', "d(…) is not needed", "write x^2"),
    ('eval "dropout(x, 0.5)" --x 1', "no function dropout", "x * mask"),
    ('eval "LeakyReLU(x)" --x 1', "no function LeakyReLU", "did you mean leaky_relu?"),
    ('eval "a = Value(2.); b = np.array(3); a*b"', "Value(…) is not needed", "value alone: a = 2.; b = 3; a*b"),
    ('eval "cot(x)" --x 1', "no function cot", "write 1/tan(x)"),
    ('eval "2*cot(x + 1)" --x 1', "no function cot", "write 2*(1/tan(x + 1))"),
    ('eval "np.average(x)" --x "[1, 2]"', "no function average", "write mean(x)"),
    ('eval "fmod(x + 1, y)" --x 1 --y 2', "no function fmod", "write (x + 1) - y*trunc((x + 1)/y)"),
    ('eval "lg(x)" --x 8', "no function lg", "write log10(x)"),
    ('eval "bessel(x)" --x 1', "no function bessel", "`backprop gates` lists those that there are; to multiply"),
    ('eval "Math.PI*x" --x 1', "there is no Math.PI here", "write pi"),
    ('eval "max{{x, y}}" --x 1 --y 2', "{ means nothing here", "write max(x, y)"),
    ('eval "A\\\\b" --A 1 --b 2', "means nothing here", "write solve(A, b)"),
    ('eval "1.000,5*x" --x 1', "a comma does not belong in a number", "write 1000.5"),
    ('eval "1’000*x" --x 1', "means nothing here", "write 1_000 if that is thousands"),
    ("check 5", "there is no variable to check", "has a gradient"),
    ("check sum(x) --x []", "x has no elements: there is nothing to compare", "give inputs that are larger"),
    ('eval "log(x, 2)" --x 8', "log does not take these inputs", "write log2(x)"),
    ('eval "log(x, b)" --x 8 --b 3', "log does not take these inputs", "write log(x)/log(b)"),
    ('eval "foo(x, y)" --x 1 --y 1', "no function foo", "`backprop gates`"),
    ('eval "sum(x, dim=0)" --x 1', "it has no input dim", "did you mean axis?"),
    ('eval "f(x) = x^2; f" --x 1', "no value for f", "f(x)"),
    ('eval "f(x, y) = x*y; f" --x 1', "no value for f", "f(x, y)"),
    ('eval "A^T @ x" --x 1 --y 2', "no value for T", "write A.T @ x"),
    ('eval "f = x^2; df/dx" --x 1', "no value for df", "gradients are the answer"),
    ('eval "np.random.randn(3)"', "there is no np.random", '--x "randn(3)"'),
    ('eval "scipy.special.expit(x)" --x 1', "there is no scipy.special", "write expit(…), without scipy.special."),
    ('eval "np.linalg.foo(x)" --x 1', "no function foo", "`backprop gates`"),
    ('eval "x*y, x+y" --x 1 --y 1', "a comma does not belong here", "write [x*y, x+y]"),
    ('eval "x*y" --vars a.json --vars b.json', "--vars is given twice: a.json, and b.json", "one file"),
]


@pytest.mark.parametrize(("typed", "message", "hint"), WRONG, ids=[typed for typed, _, _ in WRONG])
def test_what_is_wrong_is_said(
    typed: str,
    message: str,
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "layers.py").write_text("def f(x):\n    return x\n")
    (tmp_path / "points.csv").write_text("a;b\n1,5;2\n")
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text('{"x": 1, "y": 2}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["backprop", *shlex.split(typed.format(at=AT))])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capfd.readouterr().err
    assert ended.value.code == 2
    assert message in said
    assert hint in " ".join(said.split("hint: ")[1:])


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("""eval "x*y" --vars '{"x": 3, "y": [1, 2]}' --y 4 --json""", 0, '{"x": 4.0, "y": 3.0}'),
        ("""check "x*y" --x 3 --y 4 --claims '{"dx": 4, "dy": 5}'""", 1, "WRONG"),
        ("""eval "x*y" --vars '{"x": 3'""", 2, "what is given is not JSON"),
    ],
)
def test_an_object_may_stand_where_the_name_of_a_file_does(
    typed: str, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["backprop", *shlex.split(typed)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0) == status
    assert said in "".join(capfd.readouterr())
