"""The `cqs` command: a root whose subcommands are named by plugins and imported on use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
