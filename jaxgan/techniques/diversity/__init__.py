"""Terms of the generator that ask for variety: of pairs of fakes, or of a batch's features against the real ones."""

from jaxgan.techniques.diversity.mode_seeking import mode_seeking as mode_seeking
