"""Files of the bots, read: names, rows, states, and an index of what was read before."""
