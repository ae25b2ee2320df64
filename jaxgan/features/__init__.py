"""Feature networks for the metrics."""

from jaxgan.features.classifier import classifier as classifier
from jaxgan.features.classifier import predict as predict
from jaxgan.features.classifier import shifted as shifted
from jaxgan.features.classifier import training_step as training_step
