"""Feature networks for the metrics.

A feature extractor is any function of images `[n, height, width, channels]` in [-1, 1] to features `[n, d]`.
"""

from jaxgan.features.classifier import classifier as classifier
from jaxgan.features.classifier import embed as embed
from jaxgan.features.classifier import predict as predict
from jaxgan.features.classifier import shifted as shifted
from jaxgan.features.classifier import training_step as training_step
from jaxgan.features.clip import clip as clip
from jaxgan.features.clip import load_clip as load_clip
from jaxgan.features.dinov2 import dinov2 as dinov2
from jaxgan.features.dinov2 import load_dinov2 as load_dinov2
from jaxgan.features.inception import Inception as Inception
from jaxgan.features.inception import inception_v3 as inception_v3
from jaxgan.features.inception import init_inception as init_inception
from jaxgan.features.inception import load_inception as load_inception
from jaxgan.features.pixels import pixels as pixels
from jaxgan.features.random_convolutions import random_convolutions as random_convolutions
