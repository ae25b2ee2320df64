"""Techniques that relate latents to what the generator makes of them."""

from jaxgan.techniques.codes.ali import ali as ali
from jaxgan.techniques.codes.infogan import infogan as infogan
from jaxgan.techniques.codes.veegan import veegan as veegan
