"""Metrics as pure functions, each with its convention in the docstring."""

from jaxgan.metrics.bins import DifferentBins as DifferentBins
from jaxgan.metrics.bins import different_bins as different_bins
from jaxgan.metrics.bins import nearest_centre as nearest_centre
from jaxgan.metrics.duplicates import Duplicates as Duplicates
from jaxgan.metrics.duplicates import closest as closest
from jaxgan.metrics.duplicates import duplicates as duplicates
from jaxgan.metrics.expected import expected_high_quality as expected_high_quality
from jaxgan.metrics.expected import expected_modes as expected_modes
from jaxgan.metrics.expected import expected_reverse_kl as expected_reverse_kl
from jaxgan.metrics.frechet import Moments as Moments
from jaxgan.metrics.frechet import frechet_distance as frechet_distance
from jaxgan.metrics.frechet import frechet_distance_from_moments as frechet_distance_from_moments
from jaxgan.metrics.frechet import moments as moments
from jaxgan.metrics.inception_score import InceptionScore as InceptionScore
from jaxgan.metrics.inception_score import inception_score as inception_score
from jaxgan.metrics.modes import ClassCoverage as ClassCoverage
from jaxgan.metrics.modes import ModeCoverage as ModeCoverage
from jaxgan.metrics.modes import class_coverage as class_coverage
from jaxgan.metrics.modes import missing_modes as missing_modes
from jaxgan.metrics.modes import mode_coverage as mode_coverage
from jaxgan.metrics.modes import stacked_labels as stacked_labels
from jaxgan.metrics.neighbours import DensityCoverage as DensityCoverage
from jaxgan.metrics.neighbours import PrecisionRecall as PrecisionRecall
from jaxgan.metrics.neighbours import density_coverage as density_coverage
from jaxgan.metrics.neighbours import precision_recall as precision_recall
from jaxgan.metrics.vendi import vendi_score as vendi_score
