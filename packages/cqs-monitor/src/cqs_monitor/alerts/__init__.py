"""Rules over what the monitor knows: when each was broken, now and in the past, and a watcher that tells."""
