"""The engagement score and the feature windows, by tables."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import ModuleType

import pytest

AS_OF = datetime(2025, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def features(load_function: Callable[..., ModuleType]) -> ModuleType:
    return load_function("data_prep", "engagement_features")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0.0, 0, 365.0), 0.0),
        ((0, 0.0, 0, 0.0), 0.2),
        ((12, 60.0, 2, 14.0), 0.579272),
        ((10_000, 1e6, 1000, 0.0), 1.0),
    ],
)
def test_engagement_score(features: ModuleType, counts: tuple[int, float, int, float], expected: float) -> None:
    assert features.engagement_score(*counts) == expected


def test_engagement_score_rises_with_every_part(features: ModuleType) -> None:
    steps = [(0, 0.0, 0, 30.0), (1, 0.0, 0, 30.0), (1, 5.0, 0, 30.0), (1, 5.0, 1, 30.0), (1, 5.0, 1, 3.0)]
    scores = [features.engagement_score(*step) for step in steps]
    assert all(low < high for low, high in pairwise(scores))


def make(features: ModuleType, kind: str, days_ago: float, minutes: float = 0.0) -> object:
    return features.Event("a", kind, AS_OF - timedelta(days=days_ago), minutes)


def test_build_features_counts_by_window(features: ModuleType) -> None:
    events = [
        make(features, "session", 0, 5),
        make(features, "session", 6.9, 10),
        make(features, "session", 7, 100),
        make(features, "session", 29, 100),
        make(features, "session", 30, 100),
        make(features, "purchase", 2),
        make(features, "purchase", 45),
    ]
    (row,) = features.build_features(events, AS_OF, 14, labelled=False)
    assert row[2:] == (2, 4, 15.0, 1, 0.0, None)


@pytest.mark.parametrize(
    ("days_after", "converted"),
    [(-1, 0), (0, 0), (0.5, 1), (14, 1), (14.01, 0)],
)
def test_build_features_labels_a_purchase_within_the_window(
    features: ModuleType, days_after: float, converted: int
) -> None:
    events = [make(features, "session", 1, 5), make(features, "purchase", -days_after)]
    (row,) = features.build_features(events, AS_OF, 14, labelled=True)
    assert row.converted == converted


def test_build_features_does_not_see_the_future(features: ModuleType) -> None:
    past = [make(features, "session", 1, 5)]
    future = [make(features, "session", -1, 50), make(features, "purchase", -1)]
    with_future = features.build_features(past + future, AS_OF, 14, labelled=False)
    assert with_future == features.build_features(past, AS_OF, 14, labelled=False)
    assert features.build_features(future, AS_OF, 14, labelled=True) == []


def test_build_features_caps_the_days_without_a_session(features: ModuleType) -> None:
    (row,) = features.build_features([make(features, "purchase", 1)], AS_OF, 0, labelled=False)
    assert (row.days_since_last_session, row.sessions_last_30_days) == (365.0, 0)


@pytest.mark.parametrize(
    ("newest_after", "label_days", "labelled"), [(14, 14, True), (13.9, 14, False), (99, 0, False)]
)
def test_is_labelled(features: ModuleType, newest_after: float, label_days: int, labelled: bool) -> None:
    assert features.is_labelled(AS_OF + timedelta(days=newest_after), AS_OF, label_days) is labelled


def test_render_csv_has_a_label_only_when_rows_do(features: ModuleType) -> None:
    row = features.FeatureRow("a,b", 0.5, 1, 2, 3.5, 0, 1.25, 1)
    assert features.render_csv([row]).splitlines() == [
        "customer_id,engagement_score,sessions_last_7_days,sessions_last_30_days,minutes_last_7_days,"
        "purchases_last_30_days,days_since_last_session,converted",
        '"a,b",0.5,1,2,3.5,0,1.25,1',
    ]
    assert "converted" not in features.render_csv([row._replace(converted=None)])
