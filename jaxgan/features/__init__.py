"""Feature networks for the metrics.

A feature extractor is any function of images `[n, height, width, channels]` in [-1, 1] to features `[n, d]`.
"""

from jaxgan.features.classifier import classifier as classifier
from jaxgan.features.classifier import embed as embed
from jaxgan.features.classifier import predict as predict
from jaxgan.features.classifier import shifted as shifted
from jaxgan.features.classifier import training_step as training_step
from jaxgan.features.pixels import pixels as pixels
from jaxgan.features.random_convolutions import random_convolutions as random_convolutions
