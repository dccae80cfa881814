"""Pages of the dashboard; imported only where they are registered."""
