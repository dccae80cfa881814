"""Settings from `CQS_*` variables and `.env`, and the user's folders."""
