"""Holdings and earnings of the bots: trades, lots, PnL, prices, reconciliation."""
