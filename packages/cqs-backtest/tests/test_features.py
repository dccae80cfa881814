"""Outside data as inputs of a run: aligned, cut by the check, kept, and refused where they are unclear."""

import re

import numpy as np
import pandas as pd
import pytest
from handmade import WAVE, frame, store_hours

from cqs_backtest import Feature, LookaheadWarning, Orders, Strategy, backtest, keep, runs
from cqs_backtest.features import from_text, read_feature, stored
from cqs_backtest.runs.confirm import confirm
from cqs_backtest.runs.reproducing import verify
from cqs_core import Candles, DataError, DataWarning, UnknownName, UsageError
from cqs_core.time.intervals import DAY
from cqs_core.trading import orders_of

random = np.random.default_rng(7)
NOISE = frame(100 * np.exp(np.cumsum(random.normal(0, 0.03, 400))), start="2023-01-01")
DATA = {"BTC": NOISE, "ETH": NOISE * [2, 2, 2, 2, 1]}
DAYS = NOISE.index
BULL = pd.Series(np.where(np.arange(400) // 25 % 2, "bull", "bear"), DAYS)


class Regime(Strategy):
    """Hold in a bull market."""

    id = "regime_rule"

    def orders(self, candles):
        up = np.broadcast_to((candles.feature("regime") == "bull")[:, None], candles.shape)
        return Orders(enter=up, exit=~up)


class Always(Strategy):
    def orders(self, candles):
        return Orders(enter=np.ones(candles.shape, bool))


def seen(feature, *, interval="1d", index=DAYS, markets=("BTC/KRW",)):
    """What candles at this index have of a feature."""
    values = np.ones((len(index), len(markets)))
    ts = index.as_unit("ms").asi8
    known = {"x": read_feature("x", feature, "upbit", markets, interval)}
    return Candles(ts, markets, values, values, values, values, values, interval, features=known).feature("x")


class TestAlignment:
    def test_a_value_stamped_with_a_bar_counts_from_its_close(self):
        found = seen(pd.Series(np.arange(400.0), DAYS))
        assert np.isnan(found[0])
        assert found[1:].tolist() == list(range(399))

    def test_known_at_the_open_or_later(self):
        series = pd.Series(np.arange(400.0), DAYS)
        assert seen(Feature(series, known="open")).tolist() == list(range(400))
        assert seen(Feature(series, known="2d"))[2:].tolist() == list(range(398))
        assert seen(Feature(series, known=pd.Timedelta(days=2)))[2:].tolist() == list(range(398))
        assert seen(Feature(series, known=np.timedelta64(36, "h")))[2:].tolist() == list(range(398))

    def test_a_days_value_on_hours_counts_from_the_end_of_its_own_day(self):
        hours = pd.date_range("2023-01-01", periods=72, freq="h", tz="UTC")
        found = seen(pd.Series([1.0, 2.0, 3.0], DAYS[:3]), interval="1h", index=hours)
        assert np.isnan(found[:24]).all()
        assert found[24:48].tolist() == [1.0] * 24
        assert found[48:].tolist() == [2.0] * 24

    def test_hours_on_days_count_from_the_end_of_their_hours(self):
        hours = pd.date_range("2023-01-01", periods=72, freq="h", tz="UTC")
        assert seen(pd.Series(np.arange(72.0), hours), index=DAYS[:3])[1:].tolist() == [23, 47]

    def test_months_count_from_their_own_ends(self):
        months = pd.date_range("2023-01-01", periods=4, freq="MS", tz="UTC")
        found = seen(pd.Series([1.0, 2.0, 3.0, 4.0], months), index=DAYS[:90])
        assert np.isnan(found[:31]).all()
        assert (found[31:59] == 1).all()
        assert (found[59:90] == 2).all()

    def test_midnights_of_a_zone_with_summer_time_are_days(self):
        days = pd.date_range("2023-03-20", periods=20, freq="D", tz="Europe/Berlin")
        read = read_feature("x", pd.Series(np.arange(20.0), days), "upbit", ("BTC/KRW",), "1h")
        assert set(read.known_at - read.ts) == {DAY}

    def test_a_frame_has_a_column_a_symbol_in_the_order_of_the_run(self):
        table = pd.DataFrame({"ETH": 2.0, "BTC": 1.0, "XRP": 3.0}, DAYS)
        assert seen(table, markets=("BTC/KRW", "ETH/KRW"))[1].tolist() == [1.0, 2.0]
        assert seen(table[["BTC"]]).shape == (400, 1)
        assert seen(table["BTC"]).shape == (400,)

    def test_tables_of_polars_and_arrow_and_one_with_a_row_a_market(self):
        pl = pytest.importorskip("polars")
        table = pl.DataFrame({"ts": DAYS.to_pydatetime().tolist(), "regime": ["a"] * 400})
        assert seen(table)[1:].tolist() == ["a"] * 399
        assert seen(table)[0] == ""
        assert seen(table.to_arrow()).shape == (400,)
        long = pd.DataFrame(
            {"ts": [*DAYS, *DAYS], "market": ["ETH/KRW"] * 400 + ["BTC/KRW"] * 400, "v": [2.0] * 400 + [1.0] * 400}
        )
        assert seen(long, markets=("BTC/KRW", "ETH/KRW"))[5].tolist() == [1.0, 2.0]
        assert seen(pl.DataFrame({"date": [day.date() for day in DAYS], "v": 1.0}))[1] == 1

    def test_flags_and_words_with_holes(self):
        assert seen(pd.Series(True, DAYS))[:2].tolist()[1] == 1.0
        holes = BULL.where(np.arange(400) > 10)
        assert seen(holes)[:12].tolist() == [""] * 12
        assert seen(pd.Series(pd.Categorical(BULL), DAYS))[1] == "bear"


class TestBadInput:
    @pytest.mark.parametrize(
        ("feature", "message"),
        [
            (BULL.tz_localize(None), r"feature 'x' has no time zone.*tz_localize\('UTC'\)"),
            (pd.concat([BULL.iloc[:5], BULL.iloc[4:]]), "twice; drop duplicates"),
            (BULL.iloc[::-1], "not sorted by time; sort its index"),
            (BULL.iloc[:0], "is empty"),
            (BULL.reset_index(drop=True), "not indexed by time"),
            (Feature(BULL, known="-1d"), r"before its own times \(-1d\); known must not be negative"),
            (Feature(BULL, known="soon"), "is known 'soon'; write close, open"),
            (pd.Series([[1]] * 400, DAYS), "a value of type list; give numbers, or text"),
            (pd.DataFrame({"a": 1.0, "b": 2.0}, DAYS), "has columns a, b; give one column, or one a symbol"),
            (pd.DataFrame({"ETH": 1.0, "XRP": 2.0}, DAYS), "has columns ETH, XRP"),
            (pd.Series(1.0, pd.date_range("2098-01-01", periods=3, tz="UTC")), "still to come"),
            (pd.Series(1.0, DAYS[[0, 1, 1, 5, 9, 30]].drop_duplicates()), r"no usual step.*known='open'"),
        ],
    )
    def test_it_is_named_with_the_remedy(self, feature, message):
        with pytest.raises((UsageError, DataError), match=message):
            backtest(Regime, "BTC", DATA, features={"x": feature})

    def test_a_column_that_lacks(self):
        with pytest.raises(UsageError, match="no column of ETH/KRW"):
            backtest(Always, ["BTC", "ETH"], DATA, features={"x": pd.DataFrame({"BTC": 1.0, "XRP": 1.0}, DAYS)})

    def test_names_cannot_lead_elsewhere(self):
        for name in ("../x", "a/b", "", "1x", "a.b"):
            with pytest.raises(UsageError, match="cannot be called so"):
                backtest(Always, "BTC", DATA, features={name: BULL})

    def test_one_that_ends_early_is_refused_or_marked(self):
        early = {"regime": BULL.iloc[:300]}
        with pytest.raises(UsageError, match=r"ends at 2023-10-27.*--end 2023-10-29, or --allow-stale"):
            backtest(Regime, "BTC", DATA, features=early)
        with pytest.warns(DataWarning, match="Feature regime ends at 2023-10-27"):
            made = backtest(Regime, "BTC", DATA, features=early, allow_stale=True)
        assert made.badges["features"] == [
            "Feature regime ends at 2023-10-27T00:00; its last value was used from then on"
        ]
        assert "ends at 2023-10-27" in made._repr_html_()
        assert backtest(Regime, "BTC", DATA, features=early, end="2023-10-29").badges["features"] == []

    def test_one_that_begins_late_is_said(self):
        with pytest.warns(DataWarning, match="not known before 2023-04-12"):
            made = backtest(Regime, "BTC", DATA, features={"regime": BULL.iloc[100:]}, start="2023-02-01")
        assert made.badges["features"] == ["Feature regime is not known before 2023-04-12T00:00"]
        with pytest.raises(UsageError, match="no value that is known before"):
            backtest(Regime, "BTC", DATA, features={"regime": BULL.iloc[100:]}, end="2023-02-01")

    def test_a_feature_that_was_not_given_is_named(self):
        with pytest.raises(UnknownName, match=r"unknown feature 'regime'; give it to the run: features="):
            backtest(Regime, "BTC", DATA)
        with pytest.raises(UnknownName, match="did you mean 'regimes'"):
            backtest(Regime, "BTC", DATA, features={"regimes": BULL})


class Tomorrow(Strategy):
    """Looks at the value of the bar after."""

    def orders(self, candles):
        up = np.roll(candles.feature("x") > 0, -1)[:, None]
        return Orders(enter=np.broadcast_to(up, candles.shape), exit=np.broadcast_to(~up, candles.shape))


class Inside(Strategy):
    """Goes around the alignment."""

    def orders(self, candles):
        values = candles.features["x"].values  # noqa: PD011 - no frame
        up = (np.append(values, np.zeros(len(candles.ts)))[: len(candles.ts)] > 0)[:, None]
        return Orders(enter=np.broadcast_to(up, candles.shape), exit=np.broadcast_to(~up, candles.shape))


class Up(Strategy):
    def orders(self, candles):
        value = candles.feature("x")
        up = (value == "up" if value.dtype.kind == "U" else value > 0)[:, None]
        return Orders(enter=np.broadcast_to(up, candles.shape), exit=np.broadcast_to(~up, candles.shape))


SIGNAL = pd.Series(random.normal(0, 1, 400), DAYS)
COMING = (NOISE["close"] / NOISE["open"] - 1).shift(-1)


class TestPeekers:
    @pytest.mark.parametrize("rule", [Tomorrow, Inside])
    def test_a_strategy_that_uses_a_value_before_it_is_known_is_found(self, rule):
        with pytest.warns(LookaheadWarning):
            assert backtest(rule, "BTC", DATA, features={"x": SIGNAL}).badges["lookahead"] == "peeks"

    def test_words_are_changed_too(self):
        class Next(Strategy):
            def orders(self, candles):
                up = np.roll(candles.feature("regime") == "bull", -1)[:, None]
                return Orders(enter=up, exit=~up)

        with pytest.warns(LookaheadWarning):
            assert backtest(Next, "BTC", DATA, features={"regime": BULL}).badges["lookahead"] == "peeks"

    @pytest.mark.parametrize(
        "planted",
        [
            COMING.dropna(),
            NOISE["close"].shift(-1).dropna(),
            pd.Series(np.where(COMING > 0, "up", "down"), DAYS)[:-1],
            Feature(NOISE["close"], known="open"),
            (COMING + random.normal(0, 0.01, 400)).dropna(),
        ],
        ids=["return", "price", "words", "known too early", "noisy"],
    )
    def test_data_that_hold_the_future_are_found(self, planted):
        with pytest.warns(LookaheadWarning, match="feature x tells the return"):
            made = backtest(Up, "BTC", DATA, features={"x": planted})
        assert made.badges["lookahead"] == "peeks"

    @pytest.mark.parametrize(
        "honest", [SIGNAL, NOISE["close"], COMING.shift(2).dropna()], ids=["noise", "price", "past"]
    )
    @pytest.mark.filterwarnings("ignore:Feature x is not known before:cqs_core.DataWarning")
    def test_honest_data_are_not_accused(self, honest):
        assert backtest(Up, "BTC", DATA, features={"x": honest}).badges["lookahead"] == "ok"

    def test_prices_that_repeat_themselves_accuse_nobody(self):
        past = (WAVE["close"] / WAVE["open"] - 1).rename("x")
        assert backtest(Up, "BTC", {"BTC": WAVE}, features={"x": past}).badges["lookahead"] == "ok"


class TestOutside:
    def test_a_strategy_that_reads_a_frame_of_its_own_is_marked(self):
        frame_of_its_own = BULL.to_frame("regime")

        class Closes(Strategy):
            def orders(self, candles):
                up = (frame_of_its_own["regime"].to_numpy()[: len(candles.ts)] == "bull")[:, None]
                up = np.vstack([up, np.zeros((len(candles.ts) - len(up), 1), bool)])
                return Orders(enter=up, exit=~up)

        made = backtest(Closes, "BTC", DATA)
        assert made.badges["lookahead"] == "candles only"
        assert "frame_of_its_own (DataFrame)" in made.badges["lookahead_where"]
        assert made.notes[0].startswith("Look-ahead candles only")

    def test_globals_defaults_helpers_attributes_and_readers(self):
        def helper():
            return DATA

        class Global(Always):
            def warmup(self):
                return 0 if NOISE is not None else 1

        class Default(Always):
            def warmup(self, table=BULL):
                return 0

        class Helper(Always):
            def warmup(self):
                return 0 * len(helper())

        class Attribute(Always):
            table = NOISE["close"].to_numpy()

        class Reader(Always):
            def _read(self):
                return pd.read_csv("somewhere.csv")

        for rule, name in (
            (Global, "NOISE"),
            (Default, "a default"),
            (Helper, "DATA"),
            (Attribute, "Attribute.table"),
            (Reader, "read_csv()"),
        ):
            badges = backtest(rule, "BTC", DATA).badges
            assert badges["lookahead"] == "candles only", rule
            assert name in badges["lookahead_where"]

    def test_settings_and_features_are_no_outside_data(self):
        weights = {"BTC/KRW": 0.5, "ETH/KRW": 0.2}

        class Weighted(Always):
            def orders(self, candles):
                return Orders(target=np.full(candles.shape, weights["BTC/KRW"] / 2))

        assert backtest(Weighted, ["BTC", "ETH"], DATA).badges["lookahead"] == "ok"
        assert backtest(Regime, "BTC", DATA, features={"regime": BULL}).badges["lookahead"] == "ok"


class TestOnlyIn:
    def test_it_trades_only_while_the_feature_has_the_value(self):
        inside = pd.Series(BULL.to_numpy()[:-1] == "bull", DAYS[1:])  # known a day later
        made = backtest(Always, "BTC", DATA, features={"regime": BULL}, only_in="regime=bull")
        assert inside[made.trades["entry_time"]].all()
        assert not inside[made.trades["exit_time"].dropna()].any()
        assert len(made.trades) == 8
        assert made.parameters == {"only_in": "regime=bull"}
        assert made.badges["lookahead"] == "ok"

    @pytest.mark.parametrize(
        "rule", ["volatility_breakout", "buy_and_hold", "momentum", "mean_reversion", "opening_range_breakout"]
    )
    def test_any_strategy_takes_it_on_either_engine(self, rule):
        options = {"features": {"regime": BULL}, "only_in": "regime=bull"}
        fast, reference = (backtest(rule, "BTC", DATA, engine=engine, **options) for engine in ("fast", "bt"))
        assert fast.equity.to_numpy() == pytest.approx(reference.equity.to_numpy(), rel=1e-9)
        inside = pd.Series(BULL.to_numpy()[:-1] == "bull", DAYS[1:])
        assert inside[fast.trades["entry_time"]].all()
        assert (fast.trades["bars"] <= 25).all()

    def test_several_values_and_numbers(self):
        numbers = pd.Series(np.arange(400) // 25 % 4, DAYS)
        both = backtest(Always, "BTC", DATA, features={"x": numbers}, only_in="x=1|2")
        assert both.performance.time_in_market == pytest.approx(50, abs=1)

    def test_a_value_that_never_is_and_text_that_is_no_filter(self):
        options = {"features": {"regime": BULL}}
        with pytest.raises(UnknownName, match="unknown value of feature 'regime' 'bul'; did you mean 'bull'"):
            backtest(Always, "BTC", DATA, only_in="regime=bul", **options)
        with pytest.raises(UnknownName, match="unknown feature 'regim'"):
            backtest(Always, "BTC", DATA, only_in="regim=bull", **options)
        with pytest.raises(UsageError, match="write a feature and its value"):
            backtest(Always, "BTC", DATA, only_in="bull", **options)

    def test_targets_stops_and_exits_outside(self):
        class Targets(Strategy):
            def orders(self, candles):
                return Orders(target=np.full(candles.shape, 0.5))

        candles = Candles.from_frames({"BTC/KRW": NOISE})
        known = {"regime": read_feature("regime", BULL, "upbit", ("BTC/KRW",), "1d")}
        orders = orders_of(Targets(only_in="regime=bull"), candles.with_values(features=known))
        inside = candles.with_values(features=known).feature("regime") == "bull"
        assert (orders.target[inside] == 0.5).all()
        assert (orders.target[~inside] == 0).all()


class TestKept:
    def test_a_run_keeps_its_features_and_is_made_again_from_them(self, bucket):
        regime = pd.Series(np.where(np.arange(300) // 25 % 2, "bull", "bear"), WAVE.index)
        score = pd.DataFrame({"ETH": 2.0, "BTC": np.arange(300.0)}, WAVE.index)
        made = backtest(
            "momentum",
            ["BTC", "ETH"],
            features={"regime": regime, "score": score},
            only_in="regime=bull",
            keep=True,
            bucket=bucket,
        )
        assert made.performance.num_trades > 0
        about = made.record.manifest["features"]
        assert set(about) == {"regime", "score"}
        assert about["regime"]["known"] == "close"
        assert about["regime"]["rows"] == 299, "the last one is known after the run's end"
        assert verify(bucket, made.id) == {"run": made.id, "verdict": "identical", "because": []}
        assert confirm(bucket, made.id)["parity"] == "ok"

    def test_a_changed_feature_is_named(self, bucket):
        regime = pd.Series(np.where(np.arange(300) // 25 % 2, "bull", "bear"), WAVE.index)
        made = backtest("momentum", "BTC", features={"regime": regime}, only_in="regime=bull", keep=True, bucket=bucket)
        path = bucket.folder / "runs" / made.id / "features" / "regime.parquet"
        table = pd.read_parquet(path)
        table.loc[100:200, "value"] = "bull"
        table.to_parquet(path)
        assert "features/regime.parquet is not what the manifest says" in verify(bucket, made.id)["because"][0]
        path.unlink()
        assert "is gone" in verify(bucket, made.id)["because"][0]

    def test_a_hostile_manifest_leads_nowhere(self, bucket):
        made = keep(backtest(Regime, "BTC", DATA, features={"regime": BULL}), bucket)
        about = made.record.manifest["features"]["regime"]
        for features in ({"../../secret": about}, {"regime": {}}, {"regime": [1]}, [1]):
            with pytest.raises(DataError, match="its features cannot be read"):
                stored(bucket, {"id": made.id, "features": features})

    def test_a_run_on_frames_is_kept_with_them(self, bucket):
        made = keep(backtest(Regime, "BTC", DATA, features={"regime": BULL}), bucket)
        assert runs.load(made.id, bucket).record.manifest["features"]["regime"]["sha256"]


class TestCommandLine:
    @pytest.fixture
    def regimes(self, tmp_path):
        path = tmp_path / "regimes.csv"
        words = np.where(np.arange(300) // 25 % 2, "bull", "bear")
        path.write_text(
            "date,regime\n" + "".join(f"{day:%Y-%m-%d},{word}\n" for day, word in zip(WAVE.index, words, strict=True))
        )
        return path

    def test_a_file_and_a_filter(self, cqs, bucket, regimes):
        run = (
            "backtest",
            "run",
            "momentum",
            "--symbols",
            "BTC,ETH",
            "--feature",
            f"regime={regimes}",
            "--only-in",
            "regime=bull",
        )
        code, made, _ = cqs(*run, "--name", "in bull markets", "--json")
        assert code == 0
        assert made["badges"]["features"] == []
        found = runs.load(made["run"], bucket)
        assert found.name == "in bull markets"
        assert found.record.manifest["features"]["regime"]["source"] == str(regimes)
        assert cqs("backtest", "verify", made["run"], "--json")[1]["verdict"] == "identical"

    def test_parquet_sql_and_when_it_is_known(self, bucket, regimes, tmp_path):
        table = pd.DataFrame({"ts": WAVE.index, "v": 1.0})
        table.to_parquet(tmp_path / "v.parquet")
        markets = ("BTC/KRW", "ETH/KRW")
        name, feature = from_text(f"v@1d={tmp_path / 'v.parquet'}", bucket, "upbit", markets)
        assert (name, feature.known) == ("v", "1d")
        assert read_feature(name, feature, "upbit", markets, "1d").at(np.zeros(300, np.int64)).shape == (300,)
        query = "sql:select ts, market, close from candles where interval = '1d'"
        name, feature = from_text(f"close={query}", bucket, "upbit", markets)
        assert read_feature(name, feature, "upbit", markets, "1d").at(np.zeros(300, np.int64)).shape == (300, 2)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("regime", "is not a feature; write NAME=models:VERSION"),
            ("regime=none.csv", "there is no file 'none.csv'"),
            ("regime=notes.txt", "'notes.txt' is not known"),
            ("regime=naive.csv", "times without a zone"),
            ("regime=broken.parquet", "cannot be read"),
            ("regime=models:v9", "v9|regimes"),
            ("regime=sql:select 1", "not indexed by time"),
        ],
    )
    def test_what_cannot_be_used_is_one_line(self, cqs, tmp_path, text, message):
        (tmp_path / "naive.csv").write_text("ts,v\n2024-01-01 09:00,1\n")
        (tmp_path / "broken.parquet").write_bytes(b"PAR1")
        code, _, said = cqs("backtest", "run", "momentum", "--symbols", "BTC", "--feature", text)
        assert code in (1, 2)
        assert said.count("\n") == 1
        assert re.search(message, said), said

    def test_hours_use_a_days_feature_a_day_later(self, tmp_path):
        from cqs_core import Bucket

        (tmp_path / "hours").mkdir()
        hourly = Bucket(str(tmp_path / "hours"))
        store_hours(hourly, "BTC/KRW", 10)
        days = pd.Series(np.arange(10.0), pd.date_range("2024-01-01", periods=10, tz="UTC"))

        class Third(Strategy):
            def orders(self, candles):
                up = (candles.feature("day") == 2)[:, None]
                return Orders(enter=up, exit=~up)

        made = backtest(Third, "BTC", interval="1h", features={"day": days}, bucket=hourly)
        [trade] = made.trades.to_dict("records")
        assert (trade["entry_time"], trade["bars"]) == (pd.Timestamp("2024-01-04", tz="UTC"), 24)
