"""Gradients against numerical ones: the output as a function of one wire, and its slopes."""
