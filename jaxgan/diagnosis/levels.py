"""How often a generator like the data may be accused: by a diagnosis, and by each of its doors to a verdict."""

FALSE_ALARM = 0.01  # of a healthy generator, over everything that could accuse it
DOORS = ("fidelity", "modes", "holes", "repeats", "narrowness", "copies")
DOOR = FALSE_ALARM / len(DOORS)  # by Bonferroni
