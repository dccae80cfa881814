"""For the tests of plugins: the GCS emulator, and contracts that a plugin's tests subclass.

    # conftest.py
    from cqs_core.testing.fixtures import *

    # test_strategy.py
    from cqs_core.testing.strategy import StrategyContract

    class TestMine(StrategyContract):
        strategy = Mine

pytest is needed by `cqs_core.testing.fixtures` and by what a contract runs in; the emulator does without.
"""
