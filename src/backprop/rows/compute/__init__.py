"""From a circuit to the values and gradients of many rows: the plan, the program, and the engines that run it."""
