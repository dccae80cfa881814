from .job import Job as Job
from .job_registry import cancel as cancel
from .job_registry import forget as forget
from .job_registry import get as get
from .job_registry import give_up as give_up
from .job_registry import listing as listing
from .job_registry import start as start
from .reporting import Progress as Progress
