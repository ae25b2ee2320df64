"""Checks of what the networks are built from; each raises ValueError with the name and the value."""


def check_positive(name: str, value: int) -> None:
    """Raises ValueError unless `value` is at least 1."""
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")


def check_dropout(rate: float) -> None:
    """Raises ValueError unless `rate` is in [0, 1)."""
    if not 0.0 <= rate < 1.0:
        raise ValueError(f"dropout must be in [0, 1), got {rate}")
