"""Augmentation that the generator does not learn, and fakes in the place of real examples, for few data."""

from jaxgan.techniques.augmentation.adaptive_augmentation import adaptive_augmentation as adaptive_augmentation
from jaxgan.techniques.augmentation.differentiable_augmentation import (
    differentiable_augmentation as differentiable_augmentation,
)
from jaxgan.techniques.augmentation.pseudo_augmentation import pseudo_augmentation as pseudo_augmentation
