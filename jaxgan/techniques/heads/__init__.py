"""Heads on the discriminator's features: classifiers that share its trunk."""

from jaxgan.techniques.heads.ac_gan import ac_gan as ac_gan
from jaxgan.techniques.heads.mgan import mgan as mgan
from jaxgan.techniques.heads.self_supervised import self_supervised as self_supervised
from jaxgan.techniques.heads.twin_ac_gan import twin_ac_gan as twin_ac_gan
