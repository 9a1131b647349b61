"""Jobs of every kind that an executor has to run; each is made for the executor that it is given."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from deploy_pipeline.executor import TIMEOUT_TAG, thread_executor


@dg.op
def one() -> int:
    return 1


@dg.op(out={"left": dg.Out(int), "right": dg.Out(int)})
def two_outputs() -> tuple[int, int]:
    return 1, 2


@dg.op
def added(context: dg.OpExecutionContext, left: int, right: int) -> int:
    context.log.info("adding")
    context.add_output_metadata({"left": left})
    return left + right


@dg.op(out=dg.DynamicOut(int))
def numbers() -> Iterator[dg.DynamicOutput[int]]:
    for number in range(4):
        yield dg.DynamicOutput(number, mapping_key=f"n{number}")


@dg.op
def doubled(number: int) -> int:
    return number * 2


@dg.op
def total(numbers: list[int]) -> int:
    return sum(numbers)


@dg.op
def broken(number: int) -> int:
    raise ValueError(f"cannot use {number}")


@dg.op
def refused(number: int) -> int:
    raise dg.Failure("it is refused", metadata={"number": number}, allow_retries=False)


@dg.op(out=dg.Out(int, is_required=False))
def nothing() -> Iterator[dg.Output[int]]:
    yield from ()


@dg.op(retry_policy=dg.RetryPolicy(max_retries=2))
def third_time_lucky(context: dg.OpExecutionContext) -> int:
    if context.retry_number < 2:
        raise ValueError("not yet")
    return context.retry_number


@dg.op
def asks_for_a_retry(context: dg.OpExecutionContext) -> int:
    if context.retry_number == 0:
        raise dg.RetryRequested(max_retries=1, seconds_to_wait=0.2)
    return 7


@dg.op
def never_lucky() -> None:
    raise dg.RetryRequested(max_retries=1)


@dg.op
def materializes() -> dg.Output[int]:
    return dg.Output(3, metadata={"rows": 3})


@dg.op
def observes(context: dg.OpExecutionContext, number: int) -> None:
    context.log_event(dg.AssetMaterialization("a_table", metadata={"number": number}))


@dg.success_hook
def after_success(context: dg.HookContext) -> None:
    context.log.info(f"{context.op.name} succeeded")


@dg.failure_hook
def after_failure(context: dg.HookContext) -> None:
    context.log.info(f"{context.op.name} failed: {context.op_exception}")


@dg.success_hook
def broken_hook(context: dg.HookContext) -> None:
    raise ValueError("the hook")


@dg.resource
def counter() -> Iterator[list[int]]:
    yield [0]


@dg.op(required_resource_keys={"counter"})
def counts(context: dg.OpExecutionContext) -> int:
    context.resources.counter.append(1)
    return len(context.resources.counter)


@dg.op(required_resource_keys={"counter"})
def counts_again(context: dg.OpExecutionContext, before: int) -> int:
    return len(context.resources.counter) - before


def chain() -> None:
    added(one(), doubled(one.alias("other")()))


def diamond() -> None:
    left, right = two_outputs()
    added(doubled.alias("a")(left), doubled.alias("b")(right))


def fan_out() -> None:
    total(numbers().map(doubled).collect())


def half_fails() -> None:
    doubled.alias("below")(broken(one()))
    doubled.alias("beside")(one.alias("well")())


def failure() -> None:
    refused(one())


def skips() -> None:
    doubled.alias("skipped_too")(doubled(nothing()))


def retries() -> None:
    doubled(third_time_lucky())
    doubled.alias("after_asking")(asks_for_a_retry())
    never_lucky()


def assets() -> None:
    observes(materializes())


def shared_resource() -> None:
    counts_again(counts())


GRAPHS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (chain, diamond, fan_out, half_fails, failure, skips, retries, assets, shared_resource)
}


class Crowd:
    """How many steps were in here at the same time, at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def visit(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.1)  # long enough for others to come in
        with self._lock:
            self._now -= 1


CROWD = Crowd()
MEETING = threading.Barrier(3)
MEETING_SECONDS = 30.0


@dg.op
def meets() -> None:
    """Goes on when three of its kind are here: only where they run at the same time."""
    MEETING.wait(MEETING_SECONDS)


@dg.op(tags={"kind": "narrow"})
def visits_tagged() -> None:
    CROWD.visit()


@dg.op(pool="narrow")
def visits_pooled() -> None:
    CROWD.visit()


@dg.op
def visits() -> None:
    CROWD.visit()


@dg.op(tags={TIMEOUT_TAG: "3"}, retry_policy=dg.RetryPolicy(max_retries=1))
def too_slow(context: dg.OpExecutionContext) -> int:
    """The second attempt has three seconds: on a loaded machine it may need some of them."""
    while context.retry_number == 0:
        time.sleep(0.02)
    return context.retry_number


@dg.op(tags={TIMEOUT_TAG: "0.3"})
def never_ends() -> None:
    while True:
        time.sleep(0.02)


@dg.op(tags={TIMEOUT_TAG: "0.5"})
def always_writes(context: dg.OpExecutionContext) -> None:
    """Interrupted while an event is being written, nearly always."""
    while True:
        context.log.info("again")


@dg.op
def writes_after(context: dg.OpExecutionContext) -> None:
    time.sleep(1)
    context.log.info("after that")


@dg.op
def silent() -> None:
    """Writes nothing."""


@dg.op
def prints() -> None:
    print("to the output of the first")
    print("to the errors of the first", file=sys.stderr)
    time.sleep(0.1)


@dg.op
def prints_too() -> None:
    print("to the output of the second")


@dg.op(out=dg.DynamicOut(int))
def numbers_up_to(most: int) -> Iterator[dg.DynamicOutput[int]]:
    for number in range(most):
        yield dg.DynamicOutput(number, mapping_key=f"n{number}")


@dg.op
def total_and(numbers: list[int], more: int) -> int:
    return sum(numbers) + more


def below_no_fan_out() -> None:
    """A step below one that collects branches, of which some are made and others never: Dagster itself never ends."""
    never_known = total(numbers_up_to(broken(one())).map(doubled).collect())
    observes(total_and(numbers().map(doubled).collect(), never_known))


def meeting() -> None:
    for number in range(3):
        meets.alias(f"meets{number}")()


def crowd() -> None:
    for number in range(5):
        visits.alias(f"visits{number}")()


def tagged_crowd() -> None:
    for number in range(4):
        visits_tagged.alias(f"visits{number}")()


def pooled_crowd() -> None:
    for number in range(3):
        visits_pooled.alias(f"visits{number}")()


def slow() -> None:
    doubled(too_slow())
    never_ends()


def writing() -> None:
    always_writes()
    writes_after()


def printing() -> None:
    prints()
    prints_too()
    silent()


OTHERS = (meeting, crowd, tagged_crowd, pooled_crowd, slow, writing, printing, below_no_fan_out)
ALL = GRAPHS | {each.__name__: each for each in OTHERS}


def rebuilt(name: str, executor: str, config: str) -> dg.JobDefinition:
    """The job of a graph, with an executor: "thread" with its configuration as JSON, or Dagster's own."""
    own: dict[str, Any] = json.loads(config)
    chosen = thread_executor.configured(own, name="thread") if executor == "thread" else dg.in_process_executor
    resources = {"counter": counter} if name == "shared_resource" else {}
    hooks = set() if name == "printing" else {after_success, after_failure, broken_hook}  # hooks write to the log
    return dg.graph(name=name)(ALL[name]).to_job(executor_def=chosen, resource_defs=resources, hooks=hooks)
