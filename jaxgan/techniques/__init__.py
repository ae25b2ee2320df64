"""Techniques against mode collapse, one file each; every factory returns a `Technique`."""

from jaxgan.techniques.augmentation import adaptive_augmentation as adaptive_augmentation
from jaxgan.techniques.augmentation import differentiable_augmentation as differentiable_augmentation
from jaxgan.techniques.augmentation import pseudo_augmentation as pseudo_augmentation
from jaxgan.techniques.balance import adaptive_weights as adaptive_weights
from jaxgan.techniques.balance import balance as balance
from jaxgan.techniques.balance import class_weights as class_weights
from jaxgan.techniques.balance import gap_aware_rate as gap_aware_rate
from jaxgan.techniques.balance import proportional_control as proportional_control
from jaxgan.techniques.balance import top_k as top_k
from jaxgan.techniques.codes import ali as ali
from jaxgan.techniques.codes import imle as imle
from jaxgan.techniques.codes import infogan as infogan
from jaxgan.techniques.codes import information as information
from jaxgan.techniques.codes import mode_regularised as mode_regularised
from jaxgan.techniques.codes import veegan as veegan
from jaxgan.techniques.gman import gman as gman
from jaxgan.techniques.heads import ac_gan as ac_gan
from jaxgan.techniques.heads import mgan as mgan
from jaxgan.techniques.mode_seeking import mode_seeking as mode_seeking
from jaxgan.techniques.noise import diffusion as diffusion
from jaxgan.techniques.noise import instance_noise as instance_noise
from jaxgan.techniques.penalties import dragan as dragan
from jaxgan.techniques.penalties import gradient_penalty as gradient_penalty
from jaxgan.techniques.penalties import r1 as r1
from jaxgan.techniques.penalties import r2 as r2
from jaxgan.techniques.replay import replay as replay
