"""Techniques against mode collapse, one file each; every factory returns a `Technique`."""

from jaxgan.techniques.dragan import dragan as dragan
from jaxgan.techniques.gradient_penalty import gradient_penalty as gradient_penalty
from jaxgan.techniques.instance_noise import instance_noise as instance_noise
from jaxgan.techniques.mode_seeking import mode_seeking as mode_seeking
from jaxgan.techniques.r1 import r1 as r1
from jaxgan.techniques.r2 import r2 as r2
from jaxgan.techniques.replay import replay as replay
