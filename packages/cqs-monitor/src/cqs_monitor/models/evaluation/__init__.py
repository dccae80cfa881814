"""Evaluates a trusted model on candles of the lake: features, regimes by day, true regimes, scores."""
