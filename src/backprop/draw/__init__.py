"""Circuits as pictures: what is drawn (`scene`), where it stands (`layout`), and how each form spells it."""
