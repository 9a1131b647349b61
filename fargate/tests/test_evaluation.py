"""The decision to serve a model: better than the base rate, not worse than the rule, both beyond chance."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from fargate.training.evaluation import Evaluation, evaluate, lower_gain_in_log_loss, placements, upper_gain_in_auc

FIGURES = {"log_loss": 0.5, "roc_auc": 0.7}


@pytest.mark.parametrize(
    ("gain", "refusal"),
    [
        ({"log_loss_lower": 0.01, "roc_auc_upper": 0.02}, None),
        ({"log_loss_lower": 0.01, "roc_auc_upper": 0.0}, None),
        (
            {"log_loss_lower": 0.0, "roc_auc_upper": 0.02},
            "log loss 0.5 is not better than the base rate's 0.5 beyond chance (lower bound of the gain 0.0 <= 0)",
        ),
        (
            {"log_loss_lower": 0.01, "roc_auc_upper": -0.001},
            "ROC AUC 0.7 is worse than the engagement score's 0.7 beyond chance (upper bound of the gain -0.001 < 0)",
        ),
    ],
)
def test_refusal_needs_both(gain: dict[str, float], refusal: str | None) -> None:
    assert Evaluation(FIGURES, FIGURES, gain, {}).refusal() == refusal


ACTUAL = np.array([0, 1] * 100)


def test_lower_gain_in_log_loss_is_zero_for_the_base_rate_itself() -> None:
    assert lower_gain_in_log_loss(ACTUAL, np.full(200, 0.5), 0.5) == 0.0


def test_lower_gain_in_log_loss_is_below_the_mean_gain() -> None:
    probability = np.where(ACTUAL == 1, 0.8, 0.2)
    probability[:20] = 0.5
    lower = lower_gain_in_log_loss(ACTUAL, probability, 0.5)
    assert 0.35 < lower < 0.9 * np.log(0.8 / 0.5)


@pytest.mark.parametrize(
    ("probability", "rule", "worse"),
    [
        (ACTUAL * 0.8 + 0.1, np.zeros(200), False),
        (np.zeros(200), ACTUAL * 1.0, True),
        (ACTUAL * 1.0, ACTUAL * 1.0, False),
    ],
)
def test_upper_gain_in_auc_is_negative_only_for_a_worse_ranking(
    probability: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    rule: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    worse: bool,
) -> None:
    assert (upper_gain_in_auc(ACTUAL, probability, rule) < 0) is worse


def test_placements_average_to_the_auc_with_ties() -> None:
    ranking = np.random.default_rng(1).integers(0, 5, 200) + ACTUAL
    expected = roc_auc_score(ACTUAL, ranking)
    assert [float(part.mean()) for part in placements(ACTUAL, ranking)] == pytest.approx([expected, expected])


def test_evaluate_measures_the_base_rate_of_the_training_part() -> None:
    train = pd.DataFrame({"converted": [0, 0, 0, 1], "engagement_score": [0.1] * 4})
    test = pd.DataFrame({"converted": ACTUAL, "engagement_score": ACTUAL / 2})
    evaluation = evaluate(train, test, np.full(200, 0.25))
    assert evaluation.baseline["log_loss"] == evaluation.model["log_loss"] == round(-np.log(0.25 * 0.75) / 2, 6)
    assert (evaluation.baseline["roc_auc"], evaluation.model["roc_auc"]) == (1.0, 0.5)
    assert evaluation.rows == {"total": 204, "train": 4, "test": 200, "positive_share": round(101 / 204, 6)}
