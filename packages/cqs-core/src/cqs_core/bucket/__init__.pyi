from .bucket import Bucket as Bucket
from .cache import cache_limit as cache_limit
from .census import Census as Census
from .entry import Entry as Entry
