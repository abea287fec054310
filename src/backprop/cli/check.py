"""`backprop check`: gradients against numerical ones, or a hand-written backward pass, line by line."""

from __future__ import annotations

from backprop.cli.answer import answer_options, chosen_format, show_grids, show_json
from backprop.cli.options import Range, named, takes
from backprop.cli.question import Question, check_gates, question
from backprop.cli.reading import CODE, name_of, raise_bounds, read_text
from backprop.cli.shared import shared_options
from backprop.cli.words import Call
from backprop.errors import Problem
from backprop.errors.light import Any
from backprop.library import Evaluation

MOST = 500_000  # gates, each of which is computed some dozens of times for each variable


@named("check", variables=True)
@shared_options
@takes("--backward", metavar="FILE", help="Judge this backward pass: lines like dx = … and dx += …, or Python.")
@takes("--claim", "claims", multiple=True, metavar="dx=NUMBER", help="Judge a number alone.")
@takes("--claims", "claims_file", metavar="FILE", help="Judge the numbers in a JSON object of names and numbers.")
@takes("--stages", is_flag=True, help="Check the gradient of every stage, not of the inputs alone.")
@takes("--random", "count", type=Range(1), metavar="N", help="Check at N random points too.")
@answer_options()
def command(
    call: Call, backward: str | None, claims: tuple[str, ...], claims_file: str | None, stages: bool, count: int | None,
    digits: int, format_: str | None, json_: bool, output: str | None, **shared: Any,
) -> int:  # fmt: skip
    """Check the gradients of EXPRESSION against numerical ones, or a backward pass of your own, line by line.

    A numerical check calls a gradient ok if |a - n| / max(|a|, |n|), the relative error of the course notes, is 1e-7 or
    less; KINK if a max, abs, relu, … changes its mind within the step, and the backward pass is right on both sides;
    SINGULAR where there is no finite slope; IMPRECISE if the numerical slope is itself not known well enough; and else
    WRONG. The exit status is 1 if anything is wrong.

    \b
    backprop check "max(x,y)+sin(x)" --x 1 --y 1.0000001
    backprop check -f staged.bp --x 3 --y -4 --backward mine.py
    backprop check layers.py --vars inputs.json --upstream @dout.json
    backprop check "(x+y)*z" --x -2 --y 5 --z -4 --claim dx=-4 --claim dz=3.0
    """
    chosen = chosen_format(call, format_, json_, output)
    word = shared["file"] or shared["expression"] or ""
    of_code = word if any(suffix in word for suffix in CODE) else ""
    if of_code:
        from backprop.cli.handwritten import judge_passes, passes

        raise_bounds(shared["bounds"])
        code = passes(shared["expression"], shared["file"], backward, shared["variables"], shared["assignments"])
    else:
        code = None
    if code is not None:
        if stages or claims or claims_file is not None:
            raise Problem("option", "--stages and claims belong to an expression, and this is code")
        names = ("variables", "assignments", "upstream", "seed", "wrt", "quiet", "color")
        return judge_passes(code, count=count, chosen=chosen, output=output, **{name: shared[name] for name in names})
    asked = question(call, **shared)
    check_gates(asked.compiled.circuit(asked.at), MOST, "a check", "measured")
    exact = None if chosen == "csv" else digits
    if backward is not None or claims or claims_file is not None:
        if stages or (count is not None and backward is None):  # a claim is a number, which holds at one point
            which = "--stages belongs" if backward is not None else "--stages and --random belong"
            raise Problem("option", f"{which} to the numerical check", hint="leave out --backward and claims")
        return judge_lines(asked, backward, claims, claims_file, count, shared["seed"] or 0, chosen, output, exact)
    if of_code:
        check_inputs(asked, of_code)
    status = compare_all(asked, stages, count, shared["seed"] or 0, chosen, output, exact)
    if of_code:  # no verdict on what was not looked at
        asked.told(f"no backward pass of {of_code} was judged: these are backprop's own gradients")
    return status


def check_inputs(asked: Question, file: str) -> None:
    """A listing whose output hangs on no input has no gradient to be right."""
    evaluation = asked.answer()
    circuit = evaluation.run.circuit
    wires = {circuit.variables[name] for name in evaluation.gradients}
    itself = circuit.gates[circuit.output].name == "identity" and circuit.names.get(circuit.output) == "f"
    if wires <= {circuit.output, *(circuit.inputs[circuit.output] if itself else ())}:
        hint = "set what it begins with, like x = 3.0, and compute the output of it"
        raise Problem("variable", f"the output of {file} hangs on no input: there is no gradient to check", hint=hint)


def compare_all(
    asked: Question, stages: bool, count: int | None, seed: int, chosen: str, output: str | None, digits: int | None
) -> int:
    """The numerical check."""
    from backprop.check import report
    from backprop.check.gradients.compare import at_random, check, wires_of

    evaluation = asked.answer()
    run, names = evaluation.run, evaluation.names
    wires = wires_of(run, names, evaluation.gradients, stages)
    found = list(check(run, names, wires))
    random = None if count is None else report.random_object(list(at_random(run, names, wires, count, seed)), seed)
    answer = report.numerical_object(found, random)
    if chosen == "json":
        show_json(answer, output)
    else:
        behind = report.random_text(random) if random else ""
        show_grids([report.comparison_grid(found, digits)], chosen, output, asked.color, behind)
    return 1 if answer["verdict"] == "wrong" else 0


def judge_lines(
    asked: Question, backward: str | None, claims: tuple[str, ...], claims_file: str | None, count: int | None,
    seed: int, chosen: str, output: str | None, digits: int | None,
) -> int:  # fmt: skip
    """The check of a hand-written pass, or of numbers."""
    from backprop.check import report
    from backprop.check.gradients.compare import runs_at_random
    from backprop.check.stages.judge import judge
    from backprop.check.stages.lines import claim_lines, read_claim, read_claims, read_lines

    if backward is not None and (claims or claims_file is not None):
        raise Problem("option", "--backward and claims are two questions", hint="ask them one after the other")
    if backward is not None:
        lines = read_lines(read_text(backward), backward)
    else:
        listed = [] if claims_file is None else read_claims(read_text(claims_file), name_of(claims_file))
        lines = claim_lines([*listed, *(read_claim(claim) for claim in claims)])
    evaluation: Evaluation = asked.answer()
    verdicts = judge(evaluation.run, evaluation.names, lines, set(evaluation.gradients))
    missing, random = verdicts.missing, None
    if count is not None:
        around = runs_at_random(evaluation.run, count, seed)
        points = [(at, judge(there, evaluation.names, lines).lines) for at, there in around]
        random = report.at_points(points, seed, report.line_object)
    answer = report.lines_object(verdicts.lines, verdicts.remarks, missing, random)
    if chosen == "json":
        show_json(answer, output)
    else:
        grid = report.lines_grid(verdicts.lines, digits, claims=backward is None)
        show_grids([grid], chosen, output, asked.color, report.random_text(random) if random else "")
    for remark in verdicts.remarks:
        asked.told(remark)
    if answer["verdict"] == "incomplete":
        verb = "was" if len(missing) == 1 else "were"
        asked.told(f"incomplete: {', '.join(f'd{name}' for name in missing)} {verb} not judged")
    return 1 if answer["verdict"] in ("wrong", "incomplete") else 0
