"""Finding and importing strategies."""
