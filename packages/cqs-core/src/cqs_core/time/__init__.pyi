from . import clock as clock
from . import intervals as intervals
