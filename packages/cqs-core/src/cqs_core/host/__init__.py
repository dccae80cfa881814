"""The plugin host: hooks, the registry, and the contracts that plugins implement."""
