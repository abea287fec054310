"""The story of a run as the object that `explain --json` prints."""

from __future__ import annotations

from typing import Any

from backprop.explain.steps import Story
from backprop.show.objects import number


def story_object(story: Story) -> dict[str, Any]:
    """The whole story, at full precision."""
    return {
        "output": story.output,
        "value": number(story.value),
        "forward": [
            {"stage": step.stage, "gate": step.gate, "expression": step.expression, "value": number(step.value)}
            for step in story.forward
        ],
        "backward": [
            {
                "stage": step.stage, "gate": step.gate, "expression": step.expression,
                "gradient": number(step.gradient),
                "says": step.says,
                "sends": [
                    {"to": sent.to, "local": number(sent.local), "sent": number(sent.sent)} for sent in step.sends
                ],
            }
            for step in story.backward
        ],
        "forks": [
            {
                "name": fork.name, "shares": [{"via": via, "share": number(share)} for via, share in fork.shares],
                "sum": number(fork.sum),
            }
            for fork in story.forks
        ],
        "remarks": [
            {"kind": remark.kind, "stage": remark.stage, "message": remark.message} for remark in story.remarks
        ],
        "meaning": story.meaning,
    }  # fmt: skip
