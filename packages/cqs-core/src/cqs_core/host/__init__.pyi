from .candle_format import COLUMNS as COLUMNS
from .exchange_answers import connection as connection
from .isolation import Escaped as Escaped
from .isolation import answered as answered
from .isolation import fact_of as fact_of
from .isolation import foreign as foreign
from .registry import GROUP as GROUP
