"""The folder of a run: its options, its record and its checkpoints."""
