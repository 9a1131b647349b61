"""Measures predictions on customers that the model has not seen, and decides whether they are good enough to serve.

Two baselines: the base rate, the same probability for everyone, and the engagement score, the rule that ranks
customers without a model. A test part of some hundred customers is noisy, so the decision is not made on the bare
figures: the model has to be better than the base rate beyond chance, and must not be worse than the rule beyond chance.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from fargate.training.features import RULE_SCORE, TARGET

ONE_SIDED_95 = 1.645  # standard errors


@dataclass(frozen=True)
class Evaluation:
    """Figures on the test part.

    `model` and `baseline` hold log_loss and brier (lower is better; the baseline is the base rate) and roc_auc (higher
    is better; the baseline is the engagement score). `gain` holds what is surely gained in log loss, and at best gained
    in ROC AUC: one-sided 95 % bounds.
    """

    model: dict[str, float]
    baseline: dict[str, float]
    gain: dict[str, float]
    rows: dict[str, float]

    def refusal(self) -> str | None:
        """Why this model must not be served, with the numbers; None when it may."""
        if self.gain["log_loss_lower"] <= 0:
            return (
                f"log loss {self.model['log_loss']} is not better than the base rate's {self.baseline['log_loss']}"
                f" beyond chance (lower bound of the gain {self.gain['log_loss_lower']} <= 0)"
            )
        if self.gain["roc_auc_upper"] < 0:
            return (
                f"ROC AUC {self.model['roc_auc']} is worse than the engagement score's {self.baseline['roc_auc']}"
                f" beyond chance (upper bound of the gain {self.gain['roc_auc_upper']} < 0)"
            )
        return None


def measure(actual: Any, probability: Any, ranking: Any) -> dict[str, float]:
    """Log loss and Brier score of a probability, ROC AUC of a ranking."""
    return {
        "log_loss": round(float(log_loss(actual, probability, labels=[0, 1])), 6),
        "brier": round(float(brier_score_loss(actual, probability)), 6),
        "roc_auc": round(float(roc_auc_score(actual, ranking)), 6),
    }


def losses(actual: Any, probability: Any) -> Any:
    """The log loss of each customer."""
    return -np.log(np.where(actual == 1, probability, 1 - probability))


def lower_gain_in_log_loss(actual: Any, probability: Any, base_rate: float) -> float:
    """The lower bound of the mean gain over the base rate, customer by customer."""
    gains = losses(actual, np.full(len(actual), base_rate)) - losses(actual, probability)
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    return round(float(gains.mean() - ONE_SIDED_95 * error), 6)


def placements(actual: Any, ranking: Any) -> tuple[Any, Any]:
    """For each converter the share of the others ranked below it, and for each of those the share ranked above.

    The mean of either is the ROC AUC; a tie counts one half.
    """
    overall = pd.Series(ranking).rank().to_numpy()
    converter = actual == 1
    above = pd.Series(ranking[converter]).rank().to_numpy()
    below = pd.Series(ranking[~converter]).rank().to_numpy()
    of_converters = (overall[converter] - above) / len(below)
    return of_converters, 1 - (overall[~converter] - below) / len(above)


def upper_gain_in_auc(actual: Any, probability: Any, rule: Any) -> float:
    """The upper bound of the gain over the rule on the same customers, by DeLong's variance of paired ROC AUCs."""
    pairs = zip(placements(actual, probability), placements(actual, rule), strict=True)
    differences = [of_model - of_rule for of_model, of_rule in pairs]
    variance = sum(difference.var(ddof=1) / len(difference) for difference in differences)
    return round(float(differences[0].mean() + ONE_SIDED_95 * np.sqrt(variance)), 6)


def evaluate(train: pd.DataFrame, test: pd.DataFrame, probability: Any) -> Evaluation:
    """Measure the probabilities predicted for the test part; the base rate is that of the training part."""
    actual, rule = test[TARGET].to_numpy(dtype=int), test[RULE_SCORE].to_numpy(dtype=float)
    base_rate = float(train[TARGET].mean())
    share = float(pd.concat([train, test])[TARGET].mean())
    return Evaluation(
        measure(actual, probability, probability),
        measure(actual, np.full(len(test), base_rate), rule),
        {
            "log_loss_lower": lower_gain_in_log_loss(actual, probability, base_rate),
            "roc_auc_upper": upper_gain_in_auc(actual, probability, rule),
        },
        {"total": len(train) + len(test), "train": len(train), "test": len(test), "positive_share": round(share, 6)},
    )
