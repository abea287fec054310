"""A campaign of random programs against oracles that share no line with this program: `python -m tests.campaign`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the helpers beside it: oracle, programs, circuits
