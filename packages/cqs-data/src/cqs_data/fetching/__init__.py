"""From exchanges into the lake: which series, what of them is missing, and how to get it."""

from cqs_data.fetching.doubts import Doubt
from cqs_data.fetching.exchange_session import Fetched
from cqs_data.fetching.fetch import fetch, fetch_async, mend, repair, update
from cqs_data.fetching.selection import Selection, select

__all__ = ["Doubt", "Fetched", "Selection", "fetch", "fetch_async", "mend", "repair", "select", "update"]
