"""Each kind of rule as a function of the facts: the value now, and the stretches in which it was broken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.time.intervals import DAY, HOUR
from cqs_core.trading.metrics import peaks
from cqs_monitor.alerts.spans import Span, counted, gaps, lasting, over_steps, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_monitor.alerts.context import Facts, Trades
    from cqs_monitor.alerts.rule import Rule

_KST = 9 * HOUR


@dataclass(frozen=True)
class Signal:
    """What a rule says of one subject.

    Attributes:
        value: now, in the kind's unit; None where it is not known.
        spans: in which it was broken, ascending.
        note: a detail for people: which position, which file.
        dated: whether the spans' times are facts of the files; else it is broken now, and nobody knows since when.
        read: whether there were files to read it from; without any, nothing is over that was told before.
    """

    value: Any = None
    spans: Sequence[Span] = ()
    note: str = ""
    dated: bool = True
    read: bool = True


def heartbeat(facts: Facts, rule: Rule, _: str) -> Signal:
    at = facts.snapshot.heartbeat.at
    if at is None:
        return Signal(note=f"the heartbeat is {facts.snapshot.heartbeat.state}")
    return _age(facts, rule, at)


def no_trades(facts: Facts, rule: Rule, subject: str) -> Signal:
    ts = facts.trades(subject).ts
    ts = ts[ts <= facts.now]
    if not len(ts):
        return Signal(note="it never traded")
    return Signal((facts.now - int(ts[-1])) / 1000, gaps(ts, int(rule.over * 1000)))


def daily_loss(facts: Facts, rule: Rule, subject: str) -> Signal:
    return _loss(facts, rule, facts.trades(subject), lambda day: day, 1, 0)


def weekly_loss(facts: Facts, rule: Rule, subject: str) -> Signal:
    return _loss(facts, rule, facts.trades(subject), lambda day: (day + 3) // 7, 7, 3)


def drawdown(facts: Facts, rule: Rule, subject: str) -> Signal:
    trades = facts.trades(subject)
    total = np.cumsum(trades.profit)
    return _steps(facts, rule, trades.ts, peaks(total, 0.0) - total)


def position_age(facts: Facts, rule: Rule, subject: str) -> Signal:
    held = facts.snapshot.held(subject)
    if held.state == "unreadable":
        return Signal(note="positions.json is unreadable")
    if held.state == "absent":
        return Signal(0.0, read=False)
    aged = [(p.entry_time.timestamp() * 1000, p.symbol) for p in held.held if p.entry_time and not p.dust]
    if not aged:
        return Signal(0.0)
    at, symbol = min(aged)
    return _age(facts, rule, int(at), symbol)


def pending_buy(facts: Facts, rule: Rule, subject: str) -> Signal:
    state = facts.snapshot.states.get(subject)
    if state is not None and state.state == "unreadable":
        return Signal(note="runtime_state.json is unreadable")
    waiting = [(buy.created_at, buy.symbol) for buy in (state.pending if state else ()) if buy.created_at is not None]
    if not waiting:
        return Signal(0.0, read=state is not None)
    at, symbol = min(waiting)
    return _age(facts, rule, at, symbol)


def churn(facts: Facts, rule: Rule, subject: str) -> Signal:
    return _steps(facts, rule, *counted(facts.trades(subject).ts, HOUR))


def damaged_file(facts: Facts, rule: Rule, subject: str) -> Signal:
    found = facts.damage(subject)
    note = f"{found[0].file.rpartition('/')[2]}: {found[0].reason}" if found else ""
    return _now(facts, rule, len(found), note)


def reconciliation(facts: Facts, rule: Rule, subject: str) -> Signal:
    found = facts.findings(subject)
    signal = _now(facts, rule, len(found), found[0].reason if found else "")
    return replace(signal, read=bool(len(facts.trades(subject).ts)) or facts.snapshot.held(subject).state == "ok")


def fill_far(facts: Facts, rule: Rule, subject: str) -> Signal:
    found = facts.compared(subject, *_compared(rule))
    if isinstance(found, str):
        return Signal(note=found)
    pairs = [(p.live.entry_at, abs(p.entry_bps) / 100) for p in found.pairing.matched if p.entry_bps is not None]
    if not pairs:
        return Signal(0.0, note="no purchase can be held against the rule")
    ts, far = (np.array(column) for column in zip(*sorted(pairs), strict=True))
    return Signal(float(far[-1]), lasting(ts[far > rule.over].astype(np.int64), DAY))


def divergence(facts: Facts, rule: Rule, subject: str) -> Signal:
    found = facts.compared(subject, *_compared(rule))
    if isinstance(found, str):
        return Signal(note=found)
    parts = found.bridge.json()
    live, backtest = float(parts["live"]), float(parts["backtest"])
    return _now(facts, rule, abs(live - backtest), f"live {live:,.0f} KRW, backtest {backtest:,.0f} KRW")


def price_move(facts: Facts, rule: Rule, subject: str) -> Signal:
    within = int(rule.options.get("within", 86_400) * 1000)
    found = facts.closes(subject, within)
    if found is None:
        return Signal(note=f"the lake has no candles of {subject} that are short enough")
    ts, closes, length = found
    if not len(ts):
        return Signal(note=f"the lake has no candles of {subject}")
    before = np.searchsorted(ts, ts - within, side="right") - 1
    moved = np.where(before >= 0, 100 * np.abs(closes / closes[np.maximum(before, 0)] - 1), np.nan)
    signal = _steps(facts, rule, np.append(ts, ts[-1] + max(within, 2 * length)), np.append(moved, np.nan))
    return (
        signal if signal.value is not None else Signal(None, signal.spans, f"the last candle of {subject} is too old")
    )


def model_age(facts: Facts, rule: Rule, _: str) -> Signal:
    latest = facts.latest
    if latest is None or latest.entry is None or latest.entry.modified is None:
        return Signal(note="there is no latest model")
    return _age(facts, rule, int(latest.entry.modified * 1000), latest.version)


def regime(facts: Facts, rule: Rule, subject: str) -> Signal:
    found = facts.regimes(rule.options.get("model", "latest"), subject)
    if found is None:
        return Signal(note="its regimes were never stored; evaluate the model: cqs models evaluate latest")
    bands = [(name, a + DAY, b + DAY) for name, a, b in found.bands(0, 1 << 60)]
    wanted = tuple(Span(a, b) for name, a, b in bands if name in rule.over)
    current = next((name for name, a, b in bands if a <= facts.now < b), None)
    return Signal(current, wanted, "" if current else "the last regime is older than a day; evaluate the model again")


MEASURES: Mapping[str, Callable[[Facts, Rule, str], Signal]] = {
    function.__name__: function
    for function in (
        heartbeat,
        no_trades,
        daily_loss,
        weekly_loss,
        drawdown,
        position_age,
        pending_buy,
        churn,
        fill_far,
        damaged_file,
        reconciliation,
        price_move,
        model_age,
        divergence,
        regime,
    )
}


def _compared(rule: Rule) -> tuple[str, int]:
    return rule.options.get("strategy", "volatility_breakout"), rule.options.get("days", 30)


def _age(facts: Facts, rule: Rule, at: int, note: str = "") -> Signal:
    """Something that has been there since `at`."""
    old = at + int(rule.over * 1000)
    return Signal(max(0.0, (facts.now - at) / 1000), (Span(old, None),) if facts.now > old else (), note)


def _now(facts: Facts, rule: Rule, value: float, note: str) -> Signal:
    """Something that files tell without a date."""
    return Signal(value, (Span(facts.now, None),) if value > rule.over else (), note, dated=False)


def _steps(facts: Facts, rule: Rule, ts: Any, values: Any) -> Signal:
    known = value_at(ts, values, facts.now)
    return Signal(0.0 if known is None and not len(ts) else known, over_steps(ts, values, rule.over), read=len(ts) > 0)


def _loss(facts: Facts, rule: Rule, trades: Trades, period_of: Callable[[Any], Any], days: int, shift: int) -> Signal:
    """Loss since the beginning of the day or week (KST, by the bot's dates); 0 again when the next one begins."""
    if not len(trades.ts):
        return Signal(0.0, read=False)
    period = period_of(trades.day)
    order = np.lexsort((trades.ts, period))
    period, profit = period[order], trades.profit[order]
    first = np.flatnonzero(np.diff(period, prepend=period[0] - 1))
    total = np.cumsum(profit)
    base = np.repeat(total[first] - profit[first], np.diff(np.append(first, len(period))))
    begin = (period * days - shift) * DAY - _KST
    ts = np.clip(trades.ts[order], begin, begin + days * DAY - 1)
    steps = np.concatenate((ts, begin[first] + days * DAY))
    values = np.concatenate((base - total, np.zeros(len(first))))
    sorted_ = np.lexsort((np.arange(len(steps)), steps))
    return _steps(facts, rule, steps[sorted_], values[sorted_])
