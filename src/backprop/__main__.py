"""`python -m backprop` is the command."""

from __future__ import annotations

from backprop.cli import main

main()
