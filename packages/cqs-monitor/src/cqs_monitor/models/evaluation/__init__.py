"""A trusted model held against the lake: features, regimes by day, what came true, how well it does."""
