import numpy as np

x = 3
for i in range(3):
    x = x*2
