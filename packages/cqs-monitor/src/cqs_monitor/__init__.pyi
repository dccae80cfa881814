from .alerts.kind import AlertKind as AlertKind
from .logs.history import Logs as Logs
from .models.evaluation.regime_frames import regimes as regimes
from .performance.account_frames import lots as lots
from .performance.account_frames import pnl as pnl
from .performance.account_frames import trades as trades
from .performance.frames import get_bot_logs as get_bot_logs
from .performance.position_frames import positions as positions
