"""The unrolled GAN in PyTorch as its documentation teaches it: modules, `functional_call` and `create_graph`.

One of the two that `benchmark.py` compares jaxgan with; `tuned_gan.py` is the other, and computes the same numbers.
Real examples and fakes go through the discriminator one after the other, each parameter is updated by itself, and
whatever need not be differentiated is left to `torch.optim`. As there, the first update of the lookahead is the
discriminator's own and is computed once.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

BETAS, EPSILON = (0.5, 0.999), 1e-8
EPSILON_ROOT = 1e-12  # inside Adam's root, without which its derivative at a zero gradient is not a number

Named = dict[str, Tensor]


def mlp(inputs: int, widths: Sequence[int], outputs: int) -> nn.Module:
    """A perceptron with tanh, `[batch, inputs] -> [batch, outputs]`."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise([inputs, *widths, outputs]):
        layers += [nn.Linear(before, after), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def dcgan_generator(latent: int, width: int, channels: int = 3) -> nn.Module:
    """`jaxgan.networks.dcgan_generator(28, channels, width=width)`: `[batch, latent] -> [batch, channels, 28, 28]`."""
    depths = [8 * width, 4 * width, 2 * width, width]
    layers = [nn.Linear(latent, 16 * depths[0], bias=False), nn.Unflatten(1, (depths[0], 4, 4))]
    layers += [nn.BatchNorm2d(depths[0]), nn.ReLU()]
    for (before, after), side in zip(itertools.pairwise(depths), (7, 14, 28), strict=True):
        crop = [nn.ZeroPad2d((0, -1, 0, -1))] * (side == 7)
        convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
        layers += [nn.Upsample(scale_factor=2), *crop, convolution, nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(width, channels, 3, padding=1), nn.Tanh())


def dcgan_discriminator(width: int, channels: int = 3) -> nn.Module:
    """`jaxgan.networks.dcgan_discriminator(width=width)` for 28 pixels: `[batch, channels, 28, 28] -> [batch, 1]`."""
    layers: list[nn.Module] = []
    for stage, (before, after) in enumerate(itertools.pairwise([channels, width, 2 * width, 4 * width])):
        # To halve an even side, the one missing row and column of zeros are below and right; 7 to 4 needs both.
        layers += [nn.ZeroPad2d((0, 1, 0, 1) if stage < 2 else 1)]
        layers += [nn.Conv2d(before, after, 3, stride=2), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * width, 1))


class PlainGAN:
    """Both players and their optimizers; `backward`, then a step of `generator_adam`, trains them."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module, lookahead: int, learning_rate: float = 1e-3):
        """Takes the modules as they are and trains them in place.

        Args:
          generator: `[batch, latent] -> examples`.
          discriminator: `examples -> [batch, 1]`.
          lookahead: discriminator updates that the generator looks ahead, 0 or more.
          learning_rate: of both players.
        """
        self.generator, self.discriminator = generator, discriminator
        self.lookahead, self.learning_rate, self.count = lookahead, learning_rate, 0
        self.generator_adam = torch.optim.Adam(generator.parameters(), learning_rate, BETAS, EPSILON)
        self.discriminator_adam = torch.optim.Adam(discriminator.parameters(), learning_rate, BETAS, EPSILON)
        # Adam's moments where its steps are differentiated.
        self.means, self.squares = (
            {name: torch.zeros_like(p) for name, p in discriminator.named_parameters()} for _ in range(2)
        )

    def backward(self, real: Tensor, latent: Tensor) -> tuple[Tensor, Tensor]:
        """A step that stops short of the generator's update and leaves its gradient in `.grad`.

        Args:
          real: `[batch, ...]`.
          latent: `[batch, latent]`.

        Returns:
          The losses of generator and discriminator, without a gradient.
        """
        fake = self.generator(latent)
        value, loss = self._unrolled(real, fake) if self.lookahead else self._plain(real, fake)
        self.count += 1
        return value.detach(), loss.detach()

    def _plain(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        loss = F.softplus(-self.discriminator(real)).mean() + F.softplus(self.discriminator(fake.detach())).mean()
        self.discriminator_adam.zero_grad()
        loss.backward()
        self.discriminator_adam.step()
        value = -F.softplus(self.discriminator(fake)).mean()
        value.backward(inputs=list(self.generator.parameters()))
        return value, loss

    def _unrolled(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        params, means, squares = dict(self.discriminator.named_parameters()), self.means, self.squares
        ahead = []
        for i in range(self.lookahead):
            loss = self._loss(params, real, fake)
            gradients = torch.autograd.grad(loss, list(params.values()), create_graph=True)
            named = dict(zip(params, gradients, strict=True))
            params, means, squares = self._adam(params, means, squares, named, self.count + 1 + i)
            ahead.append((params, means, squares, loss))
        value = -self._loss(params, real, fake)
        value.backward(inputs=list(self.generator.parameters()))
        params, means, squares, loss = ahead[0]
        with torch.no_grad():
            for name, parameter in self.discriminator.named_parameters():
                parameter.copy_(params[name])
        self.means, self.squares = ({name: x.detach() for name, x in each.items()} for each in (means, squares))
        return value, loss

    def _loss(self, params: Named, real: Tensor, fake: Tensor) -> Tensor:
        """`mean(-log σ(real)) + mean(-log(1 - σ(fake)))`."""
        of_real, of_fake = (functional_call(self.discriminator, params, (x,)) for x in (real, fake))
        return F.softplus(-of_real).mean() + F.softplus(of_fake).mean()

    def _adam(
        self, params: Named, means: Named, squares: Named, gradients: Named, count: int
    ) -> tuple[Named, Named, Named]:
        """One differentiable step of Adam, the `count`-th."""
        beta1, beta2 = BETAS
        means = {name: beta1 * means[name] + (1 - beta1) * g for name, g in gradients.items()}
        squares = {name: beta2 * squares[name] + (1 - beta2) * g**2 for name, g in gradients.items()}
        updated = {}
        for name, parameter in params.items():
            root = torch.sqrt(squares[name] / (1 - beta2**count) + EPSILON_ROOT) + EPSILON
            updated[name] = parameter - self.learning_rate * (means[name] / (1 - beta1**count)) / root
        return updated, means, squares
