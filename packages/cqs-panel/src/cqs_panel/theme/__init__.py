"""The look of the dashboard: colors, the Material theme, and the CSS that Material does not reach."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
