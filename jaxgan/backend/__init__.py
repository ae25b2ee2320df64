"""The only place that asks what machine this is."""
