"""The contracts of cqs and the base of every package: plugins, settings, bucket, lake, jobs, command line.

Names are imported on use, so that `import cqs_core` costs next to nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
