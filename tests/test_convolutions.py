"""What a convolution sends back, by its definition: place by place."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from backprop.numbers.linear import conv2d, conv2d_left, conv2d_right

DICE = np.random.default_rng(2)
SIZES = list(product([(4, 7), (1, 6)], [(3, 3), (1, 2), (2, 6)], (1, 2), (0, 2)))


@np.errstate(all="ignore")
@pytest.mark.parametrize(("image", "window", "stride", "padding"), SIZES)
@pytest.mark.parametrize("infinite", [False, True])
def test_shares(image: tuple[int, int], window: tuple[int, int], stride: int, padding: int, infinite: bool) -> None:
    x, w = DICE.normal(size=(2, 3, *image)), DICE.normal(size=(4, 3, *window))
    if any(n + 2 * padding < m for n, m in zip(image, window, strict=True)):
        return
    if infinite:
        w[0, 0, 0, -1] = np.inf
    padded = np.pad(x, [(0, 0), (0, 0), (padding,) * 2, (padding,) * 2])
    h = DICE.normal(size=conv2d(x, w, stride=stride, padding=padding).shape)
    to_x, to_w = np.zeros_like(padded), np.zeros_like(w)
    for i, j in np.ndindex(*h.shape[2:]):
        seen = (
            slice(None),
            slice(None),
            *(slice(s * stride, s * stride + n) for s, n in zip((i, j), window, strict=True)),
        )
        to_x[seen] += np.einsum("no,ockl->nckl", h[:, :, i, j], w)
        to_w += np.einsum("no,nckl->ockl", h[:, :, i, j], padded[seen])
    inside = tuple(slice(padding, padding + n) for n in image)
    found = conv2d_left(h, w, x, stride=stride, padding=padding)
    np.testing.assert_allclose(found, to_x[(slice(None), slice(None), *inside)], rtol=1e-10, atol=1e-12)
    found = conv2d_right(x, h, w, stride=stride, padding=padding)
    np.testing.assert_allclose(found, to_w, rtol=1e-10, atol=1e-12)
