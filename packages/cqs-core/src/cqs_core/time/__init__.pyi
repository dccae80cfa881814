from . import clock as clock
from . import intervals as intervals
from .durations import duration as duration
