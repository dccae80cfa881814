"""Rules over what the monitor knows: when each was violated, now and in the past, and a watcher that sends alerts.

For plugins with kinds of their own: the base, what a kind says, and types of its fields.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
