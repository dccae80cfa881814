from .job import Job as Job
from .registry import cancel as cancel
from .registry import forget as forget
from .registry import get as get
from .registry import give_up as give_up
from .registry import listing as listing
from .registry import start as start
from .reporting import Progress as Progress
