"""What the bots hold and earn: trades, lots, PnL, prices, reconciliation."""
