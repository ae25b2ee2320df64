"""The game itself: one minibatch seen, the lookahead, and who moves when."""
