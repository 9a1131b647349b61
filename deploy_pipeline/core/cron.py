"""Checks a cron expression of five fields. It does not compute when one fires: Dagster does."""

import re

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("a minute", 0, 59, {}),
    ("an hour", 0, 23, {}),
    ("a day of the month", 1, 31, {}),
    ("a month", 1, 12, _MONTHS),
    ("a day of the week", 0, 7, _DAYS),
)
_LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_PART = re.compile(r"(?P<start>\*|[a-z]{3}|\d{1,2})(?:-(?P<end>[a-z]{3}|\d{1,2}))?(?:/(?P<step>\d{1,2}))?")


def cron_problem(expression: str) -> str | None:
    """What a cron expression should have been, in words that follow "expected"; None where it is right.

    Lists, ranges, steps and three-letter names of months and days are known. Seconds, `@daily`, `L`, `#` and `?` are
    not, and neither are ranges that run backwards: schedulers disagree about them. A date that never comes
    (`0 0 31 2 *`) is refused too.
    """
    parts = expression.lower().split()
    if len(parts) != len(_FIELDS):
        return 'five fields: minute, hour, day of the month, month, day of the week, such as "0 2 * * *"'
    chosen = []
    for text, (name, low, high, names) in zip(parts, _FIELDS, strict=True):
        values = _values(text, low, high, names)
        if values is None:
            return f'{name} between {low} and {high} in place of "{text}" (or *, a range 1-5, a step */5, a list 1,3)'
        chosen.append(values)
    return _date_problem(parts, chosen)


def _values(text: str, low: int, high: int, names: dict[str, int]) -> set[int] | None:
    values: set[int] = set()
    for item in text.split(","):
        part = _part_values(item, low, high, names)
        if part is None:
            return None
        values |= part
    return values


def _part_values(item: str, low: int, high: int, names: dict[str, int]) -> set[int] | None:
    match = _PART.fullmatch(item)
    if match is None:
        return None
    start_text, end_text, step_text = match["start"], match["end"], match["step"]
    every = start_text == "*"
    # A step without a range ("5/10") means different things to different schedulers.
    if (every and end_text) or (step_text and not every and not end_text):
        return None
    start = low if every else _number(start_text, names)
    end = high if every else _number(end_text, names) if end_text else start
    step = int(step_text) if step_text else 1
    if start is None or end is None or not low <= start <= end <= high or step == 0:
        return None
    return set(range(start, end + 1, step))


def _number(text: str, names: dict[str, int]) -> int | None:
    return int(text) if text.isdigit() else names.get(text)


def _date_problem(parts: list[str], chosen: list[set[int]]) -> str | None:
    days, months = chosen[2], chosen[3]
    # With a day of the week as well, cron fires when either matches.
    if parts[4] != "*" or any(min(days) <= _LONGEST_MONTH.get(month, 31) for month in months):
        return None
    return f'a date that exists: day "{parts[2]}" never comes in month "{parts[3]}"'
