from .candles import candles as candles
from .curves import Charted as Charted
from .growth import compare as compare
from .growth import equity as equity
from .returns import distribution as distribution
from .returns import months as months
from .returns import rolling as rolling
from .returns import years as years
