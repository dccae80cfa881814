"""The bucket: the root of all data, a local folder or any fsspec URL, with the same few verbs on all of them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
