"""Terms of the generator that ask for variety: of pairs of fakes, or of a batch's features against the real ones."""

from jaxgan.techniques.diversity.covariance_matching import covariance_matching as covariance_matching
from jaxgan.techniques.diversity.diversity_sensitive import diversity_sensitive as diversity_sensitive
from jaxgan.techniques.diversity.feature_matching import feature_matching as feature_matching
from jaxgan.techniques.diversity.kernel_matching import kernel_matching as kernel_matching
from jaxgan.techniques.diversity.mode_seeking import mode_seeking as mode_seeking
from jaxgan.techniques.diversity.pulling_away import pulling_away as pulling_away
from jaxgan.techniques.diversity.spectrum_matching import spectrum_matching as spectrum_matching
