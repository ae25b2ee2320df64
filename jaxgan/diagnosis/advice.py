"""What to try next, in order. About lost modes it is what `experiments/compare_techniques.py` found to help."""

# On the ring and on stacked digits, which collapse.
AFTER_A_COLLAPSE = (
    "Add --technique mode_seeking:1.0, which costs hardly any time: stacked digits went from 78 of 1000 modes to 916, "
    "and to 959 with covariance_matching:1.0 beside it.",
    "Pack the discriminator (--pack 2 or 4): it then sees that a pack has too little variety, which a single sample "
    "cannot show; that helped on the ring and on stacked digits, at no cost.",
    "Look ahead (--unroll.steps 5) where the generator runs from mode to mode: it then sees the answer; a step takes "
    "1.5 to 5 times as long.",
)
# On the grid, where a third of the modes is missing.
WHERE_MODES_ARE_MISSING = (
    "Penalize the discriminator's gradients (--technique zero_centred_penalty:0.1, dragan:0.1, or r1:0.1 r2:0.1 with "
    "--loss relativistic): on the grid, where 17 of 25 modes were there, 23 or 24 were then, and little else helped.",
    "Add --technique mode_seeking:1.0, which costs hardly any time, or pack the discriminator (--pack 2): both help "
    "where more is lost.",
)
GO_BACK = "Go back to the last checkpoint with all its modes; a lost mode seldom returns by itself."


def advice(kind: str, quality: str) -> tuple[str, ...]:
    """What to try next about a verdict's kind and quality, in order, with the reason."""
    if kind == "healthy" and quality != "low":
        return ("Nothing is wrong that these samples could show; more samples show smaller losses.",)
    if kind == "copies":
        return (
            "Compare with reals that the generator has not seen (--holdout): copies of those would be chance.",
            "Train on more data or for less long, and augment it (--technique adaptive_augmentation).",
        )
    if quality == "low" and kind != "collapse":
        return (
            "Train for longer, and let the learning rates fall at the end: quality comes last.",
            "Sample from a moving average of the generator (--average 0.999), which removes its wandering.",
            "Add --technique r1:1.0: a discriminator without a penalty stops giving useful gradients.",
            "Compare the images' range and size with the data once more: a wrong scale looks like noise.",
        )
    return (*(AFTER_A_COLLAPSE if kind == "collapse" else WHERE_MODES_ARE_MISSING), GO_BACK)
