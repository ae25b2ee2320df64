"""Floating-point operations of an unrolled training step, counted by hand; `benchmark.py` compares them with XLA's."""

import itertools
from collections.abc import Sequence


def unrolled_step(generator: Sequence[int], discriminator: Sequence[int], batch: int, lookahead: int) -> float:
    """Multiplications and additions in the matrix products of one step on two perceptrons.

    A layer from a to b units on n examples costs `2 n a b` in each product. The products, for a layer with input h
    `[n, a]`, kernel W `[a, b]` and δ `[n, b]`, the derivative of the discriminator's loss by its output:

    =================  =======================================================  ==============================
    pass               product                                                  absent
    =================  =======================================================  ==============================
    forward            h W
    backward           hᵀ δ, the kernel's gradient
    backward           δ Wᵀ, the input's gradient                               first layer
    =================  =======================================================  ==============================

    A discriminator update does these three on the real examples and on the fakes. Looking ahead, the generator's
    gradient then passes through all three again, and each of them has two factors, so two products in reverse:

    =================  =======================================================  ==============================
    reverse of         products                                                 absent
    =================  =======================================================  ==============================
    h W                for h; for W                                             for h of the real examples, and for W,
                                                                                where they do not depend on the
                                                                                generator
    hᵀ δ               for h; for δ                                             for h the same
    δ Wᵀ               for δ; for W                                             first layer; for W the same
    =================  =======================================================  ==============================

    - In the first update W does not depend on the generator, nor does anything of the real examples: there are forward
      and backward passes on 2n examples and, on the n fakes, products for h, h, δ and δ. First layer: for h, h and δ.
    - In each later one all depends on it: 3 + 6 products on 2n examples; in the first layer 2 forward and backward, one
      each for W and δ, and two for h on the fakes only.
    - The generator's loss at the end: forward on 2n, in reverse for h and for W; in the first layer for h on the fakes
      only. Without a lookahead W is given, and only h of the fakes is wanted.
    - The generator: forward, its kernels' gradients, and its inputs' except in the first layer, on n examples.

    Left out is what grows with units and not with their products: activations, the losses, Adam, the random numbers;
    3 to 6 % for the networks of Metz et al. at a batch of 512.

    Args:
      generator: units from the latent to the example, such as `[256, 128, 128, 2]`.
      discriminator: units from the example to the logit, such as `[2, 128, 128, 1]`.
      batch: n, real examples in a step, and as many fakes.
      lookahead: discriminator updates that the generator looks ahead, 0 or more.

    >>> unrolled_step([1, 1], [1, 1], batch=1, lookahead=0)  # 4 for the generator, 8 for the update, 6 for the loss
    18.0
    """
    made = [2 * batch * a * b for a, b in itertools.pairwise(generator)]
    first, *rest = (2 * batch * a * b for a, b in itertools.pairwise(discriminator))
    above = sum(rest)
    total = 3.0 * sum(made) - made[0]
    if lookahead == 0:
        update, loss = 4 * first + 6 * above, 3 * first + 3 * above
        return total + update + loss
    own = 7 * first + 10 * above
    later = 10 * first + 18 * above
    loss = 5 * first + 6 * above
    return total + own + (lookahead - 1) * later + loss
