from .logs.history import Logs as Logs
from .performance.frames import get_bot_logs as get_bot_logs
