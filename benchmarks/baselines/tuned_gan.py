"""The unrolled GAN in PyTorch, tuned by hand for a CPU: the harder one that `benchmark.py` compares jaxgan with.

Eager mode and `torch.autograd.grad(create_graph=True)`; nothing of jaxgan is used here. It computes what `plain_gan.py`
and `jaxgan.gan(...).step` compute on the same networks, as `tests/experiments/test_baselines.py` shows: one update of
the discriminator by Adam, then one of the generator against the discriminator `lookahead` updates ahead, the first of
which is the discriminator's own and is computed once. Of each pair of ways to write it the faster one is used here;
what the other one costs, minima of alternating runs on one thread:

- The discriminator's parameters and Adam's moments are one flat vector each, which makes the differentiable Adam eight
  operations. One tensor at a time: 1.1 times as long at 128 units and 5 steps ahead, 1.4 times at 64 units. (The
  `torch._foreach` functions could do it as well, but their derivatives fail in PyTorch 2.13.)
- In the first update the real examples go through the discriminator alone, since nothing there depends on the
  generator, and its backward pass leaves them out. In one batch with the fakes: 1.15 times at 1 step ahead.
- In the other updates real and fake examples are one batch, as the discriminator has no batch normalisation. Two
  batches: 1.3 times at 64 units and 5 steps ahead; no difference for large networks.
- Networks are functions of a list of tensors. `torch.func.functional_call` on modules: 1.1 to 1.2 times.
- Images and kernels lie in memory with the channels last. First: 1.1 to 1.2 times.
- The generator's Adam, and without a lookahead the discriminator's, is PyTorch's own fused one. And without a lookahead
  the generator's loss leaves out the real examples, which give it no gradient.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

BETA1, BETA2, EPSILON = 0.5, 0.999, 1e-8
EPSILON_ROOT = 1e-12  # inside Adam's root, without which its derivative at a zero gradient is not a number

Apply = Callable[[Sequence[Tensor], Tensor], Tensor]


class Network(NamedTuple):
    """A network as a function of its parameters.

    Attributes:
      params: the initial parameters, weights and biases in turn where there are biases.
      apply: `apply(params, x) -> y`.
    """

    params: list[Tensor]
    apply: Apply


def mlp(inputs: int, widths: Sequence[int], outputs: int) -> Network:
    """A perceptron with tanh, `[batch, inputs] -> [batch, outputs]`; the kernels are `[outputs, inputs]`."""
    sizes = [inputs, *widths, outputs]
    params = []
    for before, after in itertools.pairwise(sizes):
        params += [torch.randn(after, before) * math.sqrt(2 / before), torch.zeros(after)]

    def apply(params: Sequence[Tensor], x: Tensor) -> Tensor:
        for i in range(0, len(params) - 2, 2):
            x = torch.tanh(F.linear(x, params[i], params[i + 1]))
        return F.linear(x, params[-2], params[-1])

    return Network(params, apply)


def _convolution(outputs: int, inputs: int) -> Tensor:
    return torch.randn(outputs, inputs, 3, 3) * math.sqrt(2 / (9 * inputs))


def dcgan_generator(latent: int, width: int, channels: int = 3) -> Network:
    """`jaxgan.networks.dcgan_generator(28, channels, width=width)`: `[batch, latent] -> [batch, channels, 28, 28]`.

    The sides are 4, 7, 14 and 28; pixels are repeated, then convolved, normalised over the batch and rectified. The
    running averages, which training does not read, are left out.
    """
    depths = [8 * width, 4 * width, 2 * width, width]
    params = [torch.randn(16 * depths[0], latent) * math.sqrt(2 / latent)]
    for i, depth in enumerate(depths):
        params += [_convolution(depth, depths[i - 1])] * (i > 0) + [torch.ones(depth), torch.zeros(depth)]
    params += [_convolution(channels, width), torch.zeros(channels)]

    def normalised(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return F.relu(F.batch_norm(x, None, None, scale, shift, training=True))

    def apply(params: Sequence[Tensor], z: Tensor) -> Tensor:
        x = channels_last(F.linear(z, params[0]).view(-1, 8 * width, 4, 4))
        x = normalised(x, params[1], params[2])
        for stage, side in enumerate((7, 14, 28)):
            kernel, scale, shift = params[3 + 3 * stage : 6 + 3 * stage]
            x = F.interpolate(x, scale_factor=2)[:, :, :side, :side]
            x = normalised(F.conv2d(x, kernel, padding=1), scale, shift)
        return torch.tanh(F.conv2d(x, params[-2], params[-1], padding=1))

    return Network(params, apply)


def dcgan_discriminator(width: int, channels: int = 3) -> Network:
    """`jaxgan.networks.dcgan_discriminator(width=width)` for 28 pixels: `[batch, channels, 28, 28] -> [batch, 1]`."""
    depths = [channels, width, 2 * width, 4 * width]
    params = []
    for before, after in itertools.pairwise(depths):
        params += [_convolution(after, before), torch.zeros(after)]
    params += [torch.randn(1, 16 * depths[-1]) * math.sqrt(2 / (16 * depths[-1])), torch.zeros(1)]

    def apply(params: Sequence[Tensor], x: Tensor) -> Tensor:
        for stage in range(3):
            # To halve an even side, the one missing row and column of zeros are below and right; 7 to 4 needs both.
            x = F.pad(x, (0, 1, 0, 1)) if stage < 2 else x
            kernel, bias = params[2 * stage : 2 * stage + 2]
            x = F.leaky_relu(F.conv2d(x, kernel, bias, stride=2, padding=stage // 2), 0.2)
        return F.linear(x.flatten(1), params[-2], params[-1])

    return Network(params, apply)


def channels_last(x: Tensor) -> Tensor:
    """The same tensor; one of four axes lies in memory with the channels last."""
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x


def flatten(params: Sequence[Tensor]) -> Tensor:
    """All parameters as one vector, kernels of convolutions with the channels last."""
    return torch.cat([(p.permute(0, 2, 3, 1) if p.ndim == 4 else p).reshape(-1) for p in params])


def unflatten(flat: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    """The parameters as views of the vector that `flatten` made of them."""
    parts = flat.split_with_sizes([shape.numel() for shape in shapes])
    return [
        part.view(shape[0], shape[2], shape[3], shape[1]).permute(0, 3, 1, 2) if len(shape) == 4 else part.view(shape)
        for part, shape in zip(parts, shapes, strict=True)
    ]


class Ahead(NamedTuple):
    """The discriminator some updates ahead; flat vectors, differentiable in the generator."""

    params: Tensor
    mean: Tensor
    square: Tensor


def adam(ahead: Ahead, gradient: Tensor, count: int, learning_rate: float) -> Ahead:
    """One differentiable step of Adam, the `count`-th."""
    mean = torch.lerp(gradient, ahead.mean, BETA1)
    square = ahead.square * BETA2 + gradient * gradient * (1 - BETA2)
    root = torch.sqrt(square * (1 / (1 - BETA2**count)) + EPSILON_ROOT) + EPSILON
    return Ahead(torch.addcdiv(ahead.params, mean, root, value=-learning_rate / (1 - BETA1**count)), mean, square)


class TunedGAN:
    """Both players and their optimizers; `backward`, then a step of `generator_adam`, trains them."""

    def __init__(self, generator: Network, discriminator: Network, lookahead: int, learning_rate: float = 1e-3):
        """Starts from the networks' parameters, which are copied.

        Args:
          generator: `[batch, latent] -> examples`.
          discriminator: `examples -> [batch, 1]`.
          lookahead: discriminator updates that the generator looks ahead, 0 or more.
          learning_rate: of both players.
        """
        self.lookahead, self.learning_rate, self.count = lookahead, learning_rate, 0
        self.generate, self.discriminate = generator.apply, discriminator.apply
        self.generator = [channels_last(p).clone().requires_grad_() for p in generator.params]
        self.shapes = [p.shape for p in discriminator.params]
        flat = flatten(discriminator.params).requires_grad_()
        self.discriminator = Ahead(flat, torch.zeros_like(flat), torch.zeros_like(flat))
        betas = (BETA1, BETA2)
        self.generator_adam = torch.optim.Adam(self.generator, learning_rate, betas, EPSILON, fused=True)
        self.discriminator_adam = torch.optim.Adam([flat], learning_rate, betas, EPSILON, fused=True)

    def backward(self, real: Tensor, latent: Tensor) -> tuple[Tensor, Tensor]:
        """A step that stops short of the generator's update and leaves its gradient in `.grad`.

        Args:
          real: `[batch, ...]`.
          latent: `[batch, latent]`.

        Returns:
          The losses of generator and discriminator, without a gradient.
        """
        fake = self.generate(self.generator, latent)
        value, loss = self._unrolled(real, fake) if self.lookahead else self._plain(real, fake)
        self.count += 1
        return value.detach(), loss.detach()

    def _loss(self, params: Sequence[Tensor], both: Tensor, signs: Tensor) -> Tensor:
        """`mean(-log σ(real)) + mean(-log(1 - σ(fake)))`.

        Args:
          params: of the discriminator.
          both: `[2 batch, ...]`, real examples and fakes.
          signs: `[2 batch, 1]`, -1 for the real ones, 1 for the fakes.
        """
        return 2 * F.softplus(signs * self.discriminate(params, both)).mean()

    def _plain(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        flat = self.discriminator.params
        loss = self._loss(unflatten(flat, self.shapes), torch.cat([real, fake.detach()]), _signs(real))
        loss.backward(inputs=[flat])
        self.discriminator_adam.step()
        self.discriminator_adam.zero_grad(set_to_none=True)
        value = -F.softplus(self.discriminate(unflatten(flat.detach(), self.shapes), fake)).mean()
        value.backward(inputs=self.generator)
        return value, loss

    def _unrolled(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        params = unflatten(self.discriminator.params, self.shapes)
        loss = F.softplus(-self.discriminate(params, real)).mean() + F.softplus(self.discriminate(params, fake)).mean()
        ahead = updated = self._update(self.discriminator, params, loss, self.count + 1)
        both, signs = torch.cat([real, fake]), _signs(real)
        for i in range(1, self.lookahead):
            params = unflatten(ahead.params, self.shapes)
            ahead = self._update(ahead, params, self._loss(params, both, signs), self.count + 1 + i)
        value = -self._loss(unflatten(ahead.params, self.shapes), both, signs)
        value.backward(inputs=self.generator)
        flat, mean, square = (part.detach() for part in updated)
        self.discriminator = Ahead(flat.requires_grad_(), mean, square)
        return value, loss

    def _update(self, player: Ahead, params: Sequence[Tensor], loss: Tensor, count: int) -> Ahead:
        gradient = torch.autograd.grad(loss, params, create_graph=True)
        return adam(player, flatten(gradient), count, self.learning_rate)


def _signs(real: Tensor) -> Tensor:
    one = real.new_ones(len(real), 1)
    return torch.cat([-one, one])
