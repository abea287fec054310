"""Is a gradient right? Against numerical ones (gradients), or a hand-written backward pass: of stages, line by line
(stages), or in code of the user's own by what comes out of it (passes), with the line to write (edits, chain_rule,
cures)."""
