"""Arithmetic: what each gate does to floats (scalars)."""
