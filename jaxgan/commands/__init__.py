"""The commands: `jaxgan ...`, and what the experiments share."""
