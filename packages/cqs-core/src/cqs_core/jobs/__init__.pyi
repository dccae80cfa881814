from .job import Job as Job
from .registry import cancel as cancel
from .registry import get as get
from .registry import listing as listing
from .registry import start as start
from .reporting import Progress as Progress
