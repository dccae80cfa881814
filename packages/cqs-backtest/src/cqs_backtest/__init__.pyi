from .facade import BacktestFacade as BacktestFacade
