"""How a circuit is differentiated: the rules as texts and as functions, the sweep of a run, the derived circuit."""
