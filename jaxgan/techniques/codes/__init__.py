"""Techniques that relate latents to what the generator makes of them, and both to the data."""

from jaxgan.techniques.codes.ali import ali as ali
from jaxgan.techniques.codes.imle import imle as imle
from jaxgan.techniques.codes.infogan import infogan as infogan
from jaxgan.techniques.codes.information import information as information
from jaxgan.techniques.codes.mode_regularised import mode_regularised as mode_regularised
from jaxgan.techniques.codes.veegan import veegan as veegan
