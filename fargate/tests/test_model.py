"""The model: it must find a real signal, and what it makes of chance must not be publishable."""

import pandas as pd
import pytest

from fargate.training.model import TooLittleData, check_amount, train_and_evaluate


def test_train_and_evaluate_beats_the_baseline_where_there_is_a_signal(rows: pd.DataFrame) -> None:
    _, evaluation = train_and_evaluate(rows)
    assert evaluation.refusal() is None
    assert evaluation.model["roc_auc"] > 0.75
    assert {key: evaluation.rows[key] for key in ("total", "train", "test")} == {
        "total": 600,
        "train": 450,
        "test": 150,
    }


def test_train_and_evaluate_is_deterministic(rows: pd.DataFrame) -> None:
    assert train_and_evaluate(rows)[1] == train_and_evaluate(rows)[1]


def test_train_and_evaluate_does_not_learn_from_chance(chance_rows: pd.DataFrame) -> None:
    _, evaluation = train_and_evaluate(chance_rows)
    assert evaluation.refusal() is not None


@pytest.mark.parametrize(
    ("count", "positive", "message"),
    [
        (199, 100, "199 rows, at least 200"),
        (300, 19, "19 rows of the rarer outcome"),
        (300, 290, "10 rows of the rarer"),
    ],
)
def test_check_amount_refuses_too_little(rows: pd.DataFrame, count: int, positive: int, message: str) -> None:
    few = rows.head(count).assign(converted=[1] * positive + [0] * (count - positive))
    with pytest.raises(TooLittleData, match=message):
        check_amount(few)


def test_check_amount_names_a_missing_label(rows: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="missing columns for training: converted"):
        check_amount(rows.drop(columns="converted"))
