from .candle_format import COLUMNS as COLUMNS
from .exchange_answers import connection as connection
from .extras import needing_panel as needing_panel
from .log_format import LogKind as LogKind
from .plugin_registry import GROUP as GROUP
