from .built_in import STRATEGIES as STRATEGIES
from .buy_and_hold import BuyAndHold as BuyAndHold
from .mean_reversion import MeanReversion as MeanReversion
from .momentum import Momentum as Momentum
from .opening_range_breakout import OpeningRangeBreakout as OpeningRangeBreakout
from .volatility_breakout import VolatilityBreakout as VolatilityBreakout
