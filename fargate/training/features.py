"""The columns of the feature rows that data_prep writes: which the model learns from, and which it is measured against.

Inference has no copy of this list: the trained artefact carries the names that it was trained with.
"""

CUSTOMER_ID = "customer_id"
TARGET = "converted"
RULE_SCORE = "engagement_score"  # the rule that the model has to beat; never an input, it is made of the inputs

FEATURES = (
    "sessions_last_7_days",
    "sessions_last_30_days",
    "minutes_last_7_days",
    "purchases_last_30_days",
    "days_since_last_session",
)
