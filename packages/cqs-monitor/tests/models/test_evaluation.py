"""Trusted models are evaluated in a process apart; nothing else is ever loaded."""

from __future__ import annotations

import hashlib
import itertools
import pickle
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from modelfiles import CLASSES, DAY, FEATURES, START, Touching, portable

from cqs_core import DataError, Series, UsageError
from cqs_monitor.models.evaluation import scores
from cqs_monitor.models.evaluation.evaluate import evaluate
from cqs_monitor.models.evaluation.features import feature_table
from cqs_monitor.models.evaluation.labels import realised
from cqs_monitor.models.evaluation.model_process import ask
from cqs_monitor.models.evaluation.regimes import stored
from cqs_monitor.models.registry import models
from cqs_monitor.models.trust import trust


@pytest.fixture
def trusting(bucket, upload):
    """Uploads a model and trusts it."""

    def store(data: bytes, version: str = "v1", **options):
        upload(version, data)
        trust(models(bucket), hashlib.sha256(data).hexdigest(), **options)

    return store


def test_a_trusted_model_is_evaluated_and_its_regimes_stored(bucket, fitted, trusting):
    trusting(fitted)
    found = evaluate(bucket, "latest")
    told = found.evaluation
    assert told["accuracy"] > told["majority"]
    assert told["days"] == 1000 - 59
    assert told["scored_days"] == told["days"] - 20
    assert told["in_training"]["days"] + told["after_training"]["days"] == told["scored_days"]
    assert sum(q["days"] for q in told["quarters"]) == told["scored_days"]
    assert set(told["drift"]) == set(FEATURES)
    assert told["decay"]["training_accuracy"] == 0.8
    assert told["isolation"]["environment"] == "empty"
    back = stored(bucket, "v1", "upbit", "BTC/KRW")
    assert back.evaluation == told
    assert list(back.days["regime"]) == list(found.days["regime"])


def test_regimes_say_what_the_model_says(bucket, fitted, lake, trusting):
    trusting(fitted)
    days = evaluate(bucket, "v1", keep=False).days
    whole = pickle.loads(fitted)
    table = feature_table(lake.frame(Series("upbit", "BTC/KRW", "1d")), FEATURES)
    codes = whole["model"].predict(whole["scaler"].transform(table.to_numpy()))
    assert list(days["regime"]) == [CLASSES[c] for c in codes]
    assert stored(bucket, "v1", "upbit", "BTC/KRW") is None


def test_what_is_not_trusted_is_not_loaded(bucket, upload, fitted, touching):
    upload("v1", fitted)
    upload("bad", pickle.dumps(touching))
    with pytest.raises(UsageError, match="not trusted"):
        evaluate(bucket, "v1")
    with pytest.raises(UsageError, match="dangerous"):
        evaluate(bucket, "bad")


def test_trust_ends_where_the_bytes_change(bucket, fitted, trusting, upload, rows):
    trusting(fitted)
    upload("v1", pickle.dumps(portable(rows)))
    with pytest.raises(UsageError, match="not trusted"):
        evaluate(bucket, "v1")


def test_a_trusted_hash_does_not_make_a_dangerous_model_loadable(bucket, upload, touching, lake, rows, tmp_path):
    data = pickle.dumps(portable(rows, extra=touching))
    upload("v1", data)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trusted-models.json").write_text(f'{{"{hashlib.sha256(data).hexdigest()}": {{}}}}')
    with pytest.raises(UsageError, match="dangerous"):
        evaluate(bucket, "v1")


def test_models_that_are_not_portable_are_refused_before_loading(bucket, lake, trusting):
    trusting(pickle.dumps({"weights": [1, 2]}))
    with pytest.raises(UsageError, match="portable form"):
        evaluate(bucket, "v1")


def test_a_model_of_a_package_that_is_absent_cannot_be_evaluated_and_says_so(bucket, lake, trusting, rows):
    data = pickle.dumps(portable(rows)).replace(b"cqs_monitor.models.softmax", b"cqs_trainer_that_is.absent")
    with pytest.raises(UsageError, match=r"unusual code \(cqs_trainer_that_is.*--unusual-code"):
        trusting(data)
    trusting(data, unusual=True)
    with pytest.raises(DataError, match="cqs_trainer_that_is"):
        evaluate(bucket, "v1")


def test_trust_given_before_a_model_was_seen_to_be_unusual_is_not_enough(bucket, upload, rows, tmp_path, lake):
    data = pickle.dumps(portable(rows)).replace(b"cqs_monitor.models.softmax", b"cqs_trainer_that_is.absent")
    upload("v1", data)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trusted-models.json").write_text(f'{{"{hashlib.sha256(data).hexdigest()}": {{}}}}')
    with pytest.raises(UsageError, match="--unusual-code"):
        evaluate(bucket, "v1")


def test_unknown_features_and_missing_candles_are_said(bucket, trusting, rows, lake):
    trusting(pickle.dumps(portable(rows, feature_names=["rsi", "moon_phase"])))
    with pytest.raises(UsageError, match="moon_phase"):
        evaluate(bucket, "v1")
    with pytest.raises(UsageError, match="unknown market in the lake 'ETH/KRW'"):
        evaluate(bucket, "v1", market="ETH/KRW")


def test_codes_go_through_classes_whatever_their_order(rows):
    flipped = portable(rows, classes=["SIDEWAYS", "BEAR_TREND", "BULL_TREND"])
    straight, other = ask(pickle.dumps(portable(rows)), rows), ask(pickle.dumps(flipped), rows)
    assert (straight.codes == other.codes).all()
    assert other.classes[1] == "BEAR_TREND"
    assert other.encoder == CLASSES


class Spying:
    """Code that a trusted model may run: it tells what it sees."""

    def __reduce__(self):
        system = "__import__('os')"
        variable = "environ.get('GOOGLE_APPLICATION_CREDENTIALS')"
        seen = f"[{system}.{variable}, {system}.listdir('.'), {system}.getcwd()]"
        return (eval, (f"(lambda s: (_ for _ in ()).throw(ValueError(s)))(repr({seen}))",))


def test_the_process_apart_has_no_credentials_and_an_empty_folder(rows, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/secret/key.json")
    with pytest.raises(DataError) as raised:
        ask(pickle.dumps(portable(rows, extra=Spying())), rows)
    told = str(raised.value)
    assert "None" in told
    assert "secret" not in told
    assert all(name in told for name in ("features.npy", "model", "stderr"))
    assert str(Path.cwd()) not in told


class Hanging:
    def __reduce__(self):
        return (time.sleep, (600,))  # longer than a test may take


class Hungry:
    def __reduce__(self):
        return (bytearray, (8 << 30,))


def test_a_model_that_hangs_is_ended(rows):
    with pytest.raises(DataError, match="took more than 2 s"):
        ask(pickle.dumps(portable(rows, extra=Hanging())), rows, seconds=2)


def test_a_model_that_eats_memory_is_stopped(rows):
    with pytest.raises(DataError, match="MemoryError"):
        ask(pickle.dumps(portable(rows, extra=Hungry())), rows, memory=2 << 30)


class Calling:
    def __reduce__(self):
        import socket

        return (socket.create_connection, (("127.0.0.1", 9), 2))


def test_the_process_apart_has_no_network_where_the_system_allows(rows):
    answer = ask(pickle.dumps(portable(rows)), rows)
    if answer.network != "cut off":
        pytest.skip("this system lets no user make a network namespace")
    with pytest.raises(DataError, match=r"unreachable|refused"):
        ask(pickle.dumps(portable(rows, extra=Calling())), rows)


def test_answers_that_do_not_fit_are_refused(rows):
    class Short:
        def __reduce__(self):
            return (eval, ("type('M', (), {'predict': lambda self, x: [7] * len(x)})()",))

    with pytest.raises(DataError, match="does not fit"):
        ask(pickle.dumps(portable(rows, model=Short())), rows)


def test_scikit_learn_models_are_evaluated(bucket, lake, trusting):
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed: cqs-monitor[models]")
    joblib = pytest.importorskip("joblib")
    import io

    from sklearn.preprocessing import LabelEncoder, StandardScaler

    candles = lake.frame(Series("upbit", "BTC/KRW", "1d"))
    table = feature_table(candles, FEATURES)
    labels = realised(candles["close"], CLASSES).reindex(table.index)
    known = labels.notna().to_numpy()
    encoder, scaler = LabelEncoder().fit(CLASSES), StandardScaler().fit(table.to_numpy())
    forest = ensemble.RandomForestClassifier(20, random_state=1)
    forest.fit(scaler.transform(table.to_numpy()[known]), encoder.transform(labels[known]))
    file = io.BytesIO()
    joblib.dump(portable(np.eye(5), model=forest, scaler=scaler, label_encoder=encoder), file)
    trusting(file.getvalue())
    assert evaluate(bucket, "v1").evaluation["accuracy"] > 0.95


def test_features_and_labels_know_nothing_of_tomorrow(lake):
    candles = lake.frame(Series("upbit", "BTC/KRW", "1d"))
    whole = feature_table(candles, FEATURES)
    cut = feature_table(candles.iloc[:500], FEATURES)
    pd.testing.assert_frame_equal(whole.iloc[: len(cut)], cut)
    close = pd.Series([100.0] * 10 + [110.0] * 30)
    assert list(realised(close, CLASSES)[:10]) == ["BULL_TREND"] * 10
    assert list(realised(close, ["BULL_TREND", "NOT_BULL"])[10:20]) == ["NOT_BULL"] * 10
    assert realised(close, CLASSES)[20:].isna().all()


def test_features_are_the_plain_formulas():
    close = pd.Series(np.linspace(100, 159, 60), pd.date_range("2024", periods=60, tz="UTC"))
    candles = pd.DataFrame({"close": close, "volume": 2.0})
    row = feature_table(candles, FEATURES).iloc[-1]
    assert row["return_20d"] == pytest.approx(159 / 139 - 1)
    assert row["rsi"] == 100
    assert row["ma_alignment"] == 1
    assert row["volume_ratio_20"] == 1
    with pytest.raises(UsageError, match="60"):
        feature_table(candles.iloc[:59], FEATURES)


def test_scores():
    true = np.array(["A", "A", "B", "B"], dtype=object)
    told = np.array(["A", "B", "B", "B"], dtype=object)
    assert scores.accuracy(true, told) == 0.75
    assert scores.f1(true, told, "B") == pytest.approx(0.8)
    assert scores.f1_macro(true, told) == pytest.approx((0.8 + 2 / 3) / 2)
    assert scores.confusion(true, told, ["A", "B"]) == {"A": {"A": 1, "B": 1}, "B": {"A": 0, "B": 2}}
    sure = scores.calibration(np.full(10, 0.75), np.arange(10) < 5)
    assert sure["error"] == pytest.approx(0.25)
    same = np.random.default_rng(1).normal(size=5000)
    assert scores.psi(same[:2500], same[2500:]) < 0.05
    assert scores.psi(same[:2500], same[2500:] + 2) > 0.25


def test_bands_and_what_was_known_when(bucket, fitted, trusting):
    trusting(fitted)
    found = evaluate(bucket, "v1", keep=False)
    bands = list(found.bands(START, START + 1000 * DAY))
    assert bands[0][1] == START + 59 * DAY
    assert bands[-1][2] == START + 1000 * DAY
    assert all(a[2] == b[1] and a[0] != b[0] for a, b in itertools.pairwise(bands))
    first = START + 60 * DAY
    known = found.known_at(np.array([first - 1, first, first + DAY]))
    assert list(known) == [None, found.days["regime"].iloc[0], found.days["regime"].iloc[1]]


def test_a_trusted_touching_model_is_never_trusted_by_the_page(bucket, upload, proof):
    upload("bad", pickle.dumps(Touching(proof)))
    for row in models(bucket):
        row.json()
