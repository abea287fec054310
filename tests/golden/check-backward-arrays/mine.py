dA = 2 * A
dH = dA * (H > 0)
dW = X @ dH
db = dH
dX = dH @ W.T
