"""ccxt is imported one exchange at a time, and is whole for other code that imports it."""

import ssl
import subprocess
import sys

import pytest

ONE = """
import sys
from cqs_data.exchanges.connection import connect
connect("upbit", None, {})
exchanges = {name for name in sys.modules if name.startswith("ccxt.async_support.") and name.count(".") == 2}
assert exchanges == {"ccxt.async_support.base", "ccxt.async_support.upbit"}, exchanges
assert not {"ccxt.kraken", "ccxt.upbit"} & sys.modules.keys()
"""
OTHERS = """
from cqs_data.exchanges.connection import connect
client, live = connect("upbit", None, {}), connect("binanceusdm", None, {}, live=True)
import ccxt
import ccxt.async_support as many
import ccxt.pro
assert many.upbit is type(client)
assert type(live) is ccxt.pro.binanceusdm
assert issubclass(ccxt.pro.binanceusdm, many.binance)
from ccxt.async_support import kraken
assert kraken.__module__ == "ccxt.async_support.kraken"
assert ccxt.async_support is many
assert issubclass(ccxt.ExchangeNotAvailable, ccxt.NetworkError)
before = ccxt.kraken, many.upbit
assert ccxt.__version__[0].isdigit()
assert len(ccxt.exchanges) > 90
assert "okx" in dir(many)
assert (ccxt.kraken, many.upbit) == before
assert type(ccxt) is type(many) is type(__import__("sys"))
"""


@pytest.mark.parametrize("code", [ONE, OTHERS], ids=["one exchange", "others find all of ccxt"])
def test_ccxt_is_loaded_as_far_as_it_is_used(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_all_clients_share_one_tls_context_that_checks_certificates():
    from cqs_data.exchanges.connection import connect

    one, other = (connect(name, None, {}) for name in ("upbit", "binance"))
    assert one.ssl_context is other.ssl_context
    assert one.ssl_context.check_hostname
    assert one.ssl_context.verify_mode is ssl.CERT_REQUIRED
