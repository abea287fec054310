"""The seed of what the tests draw at random: one for all runs, so that a change is judged by itself and not by its day.

Others on request: `BACKPROP_SEED=7`, or `BACKPROP_SEED=any` for a fresh one, which the report's end tells. What goes on
looking, with fresh seeds, is the campaign (tests/campaign).
"""

from __future__ import annotations

import os
import random

ASKED = os.environ.get("BACKPROP_SEED", "")
SEED = random.SystemRandom().randrange(10**6) if ASKED == "any" else int(ASKED or 20261128)
if ASKED:
    os.environ["BACKPROP_SEED"] = str(SEED)  # so that all workers draw alike
