"""What the bots earned: realised PnL as logged, or net of estimated fees."""
