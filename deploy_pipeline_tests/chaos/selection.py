"""Which faults there are, and which of them are quick enough for the tests."""

from dataclasses import replace

from deploy_pipeline_tests.chaos import acts
from deploy_pipeline_tests.chaos.faults import (
    Fault,
    canceled,
    canceled_and,
    cut_off,
    hung,
    killed,
    killed_with_its_settlement,
    lost,
    paused,
    rebooted,
    refused,
    without_daemon,
    without_github,
)
from deploy_pipeline_tests.chaos.machine_faults import (
    NEWER_AT_ONCE,
    NEWER_TOO,
    SAME_AT_ONCE,
    SAME_TWICE,
    full,
    jumped,
    locked,
    overtaken,
    two_daemons,
    without_code,
    without_engine,
    without_storage,
)
from deploy_pipeline_tests.chaos.places import (
    BEGINNING,
    BUILD,
    CODE,
    DRAIN,
    END,
    ENGINE_PUSH,
    FIRST_ALIAS,
    FUNCTIONS_BACK,
    INTENT,
    LAST_ALIAS,
    LAST_BACK,
    LOCK,
    PACKAGE,
    POINTER,
    PUSH,
    RECORD,
    RECORD_BACK,
    RESOURCE,
    SERVICE_BACK,
    SIGN_OF_LIFE,
    SMOKE,
    START,
    STATE,
    SWITCH,
    VERSION,
)

QUICK = (CODE, VERSION, INTENT, FIRST_ALIAS, LAST_ALIAS, SMOKE, RECORD, POINTER, END, BEGINNING, PACKAGE)
WHOLE = (PUSH, LOCK, RESOURCE, STATE, START, SWITCH, DRAIN)
BACK = (FUNCTIONS_BACK, LAST_BACK, SERVICE_BACK, RECORD_BACK)


def going_back(fault: Fault) -> Fault:
    """The same fault in the middle of a rollback."""
    return replace(fault, rollback=True)


FAST: tuple[Fault, ...] = (
    killed(FIRST_ALIAS, "before"),
    killed(FIRST_ALIAS, "after"),
    killed(RECORD, "after"),
    lost(FIRST_ALIAS),
    lost(BEGINNING),
    refused(LAST_ALIAS, "throttle", 2),
    canceled(FIRST_ALIAS, "after"),
    cut_off(FIRST_ALIAS, 0.3),
    paused(FIRST_ALIAS),
    rebooted(FIRST_ALIAS, "after"),
    without_code(FIRST_ALIAS),
    locked(BEGINNING, 3.0),
    SAME_TWICE,
    going_back(canceled(FUNCTIONS_BACK, "after")),
)
ALL: tuple[Fault, ...] = tuple(
    {fault.name: fault for fault in (
        *FAST,
        *(killed(place, moment) for place in (*QUICK, *WHOLE) for moment in ("before", "after")),
        *(lost(place) for place in (*QUICK, *WHOLE)),
        *(hung(place) for place in (FIRST_ALIAS, INTENT, SIGN_OF_LIFE)),
        *(refused(place, "throttle", 2) for place in (CODE, VERSION, FIRST_ALIAS, START, SWITCH)),
        *(refused(place, "fail", 2) for place in (CODE, VERSION, INTENT, FIRST_ALIAS, RECORD, START, SWITCH)),
        *(refused(place, "drop", 1) for place in (CODE, FIRST_ALIAS, SWITCH)),
        *(canceled(place, moment) for place in (CODE, FIRST_ALIAS, SMOKE, RECORD, RESOURCE, SWITCH)
          for moment in ("before", "after")),
        *(canceled_and(place, then, words) for place in (FIRST_ALIAS, SWITCH)
          for then, words in ((acts.cancel_again, "and again"), (acts.kill_worker, "and killed as it goes back"))),
        *(killed_with_its_settlement(place) for place in (FIRST_ALIAS, SWITCH)),
        *(rebooted(place, "after") for place in (LAST_ALIAS, RECORD, STATE, SWITCH)),
        *(without_daemon(place) for place in (CODE, FIRST_ALIAS, SWITCH)),
        *(cut_off(place, limits) for place in (FIRST_ALIAS, RECORD) for limits in (0.3, 3.0)),
        *(without_github(place, status) for place in (BEGINNING, LAST_ALIAS, RECORD) for status in (403, 429, 502)),
        *(paused(place) for place in (LAST_ALIAS, RECORD, SWITCH)),
        *(without_engine(place, "after", seconds) for place in (BUILD, ENGINE_PUSH) for seconds in (1.0, 8.0)),
        without_engine(BUILD, "before", 4.0),
        *(full(folder, place, 8.0) for folder in ("dagster", "work") for place in (BEGINNING, FIRST_ALIAS)),
        full("work", LOCK, 8.0),
        *(locked(place, seconds) for place in (BEGINNING, FIRST_ALIAS) for seconds in (3.0, 12.0)),
        *(without_storage(place, 6.0) for place in (BEGINNING, FIRST_ALIAS, RECORD)),
        two_daemons(FIRST_ALIAS, "two daemons run", lambda scene: None),
        two_daemons(FIRST_ALIAS, "two daemons run, and the first is killed at the first alias", acts.kill_daemon),
        *(without_code(place) for place in (BEGINNING, FIRST_ALIAS, RECORD)),
        *(jumped(place, hours) for place in (BEGINNING, FIRST_ALIAS, RECORD) for hours in (1, -1)),
        SAME_TWICE, NEWER_TOO, SAME_AT_ONCE, NEWER_AT_ONCE, overtaken(PACKAGE),
        *(going_back(killed(place, moment)) for place in BACK for moment in ("before", "after")),
        *(going_back(canceled(place, moment)) for place in BACK for moment in ("before", "after")),
        going_back(rebooted(FUNCTIONS_BACK, "after")),
    )}.values()
)  # fmt: skip
