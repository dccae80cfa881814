"""The sandbox exchange: a loopback server that speaks the public API of real exchanges out of candles that you give it.

    with Sandbox(CandleFolder(Path("candles"))) as sandbox:
        Upbit(endpoint=sandbox.url)

Each exchange is served under `/{id}/…` of one port: `/upbit/v1/market/all`, `/binance/api/v3/klines`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
