import pytest

from app.score import domain, score


def test_score_grows_with_sessions():
    assert score(4, 0) < score(8, 0)


def test_score_is_at_most_one():
    assert score(100, 100) == 1.0


def test_score_refuses_negative_counts():
    with pytest.raises(ValueError, match="negative"):
        score(-1, 0)


def test_domain():
    assert domain("müller.example") == "xn--mller-kva.example"
