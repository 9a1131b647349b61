"""The traffic generator of a sandbox, as a program: `python -m deploy_pipeline.sandbox.traffic --plan FILE`."""

import argparse
import os
from datetime import datetime
from pathlib import Path
from random import Random
from threading import Thread

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy_pipeline.core.analysis.measurements import MINUTE, whole_minute
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.clock import FastClock, SystemClock
from deploy_pipeline.gateways.load_balancers import AwsLoadBalancers
from deploy_pipeline.gateways.web import HttpWeb
from deploy_pipeline.sandbox.traffic.functions import FunctionLoad, FunctionTraffic
from deploy_pipeline.sandbox.traffic.load import Fault
from deploy_pipeline.sandbox.traffic.plan import COUNTS, FunctionPlan, TrafficPlan, read_plan
from deploy_pipeline.sandbox.traffic.services import ServiceTraffic, send_for_ever


def main() -> None:
    """Send one minute after another, by the plan's clock, for ever. The plan is read again before each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", type=Path, required=True, metavar="FILE")
    file = parser.parse_args().plan
    plan = read_plan(file)
    clock = FastClock(plan.clock_factor, plan.clock_begin)
    traffics, said = traffics_of(plan), dict[str, str]()
    if plan.services:
        counts = file.with_name(COUNTS)
        Thread(target=send_for_ever, args=(services_of(plan), counts), daemon=True).start()
    minute = whole_minute(clock.now()) + MINUTE
    while True:
        clock.sleep(max(0.0, (minute - clock.now()).total_seconds()))
        for each in read_plan(file).functions:
            trouble = send(traffics[each.function_name], minute, each)
            if trouble != said.get(each.function_name, ""):  # the same every second is for nobody
                print(f"{minute:%H:%M} {each.function_name}: {trouble or 'works'}", flush=True)  # noqa: T201
                said[each.function_name] = trouble
        minute = max(minute + MINUTE, whole_minute(clock.now()))


def traffics_of(plan: TrafficPlan) -> dict[str, FunctionTraffic]:
    """One for each function of the plan, by its name."""
    functions, cloudwatch = boto3.client("lambda"), boto3.client("cloudwatch")
    return {
        each.function_name: FunctionTraffic(
            functions, cloudwatch, FunctionLoad(each.function_name, each.alias, each.event),
            Random(f"{plan.seed} {each.function_name}"),  # noqa: S311 - the same numbers each time are wanted
        )
        for each in plan.functions
    }  # fmt: skip


def services_of(plan: TrafficPlan) -> list[ServiceTraffic]:
    """One for each listener of the plan."""
    aws = AwsSettings(region=os.environ["AWS_DEFAULT_REGION"], endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    balancers, web = AwsLoadBalancers(aws), HttpWeb(SystemClock())
    return [ServiceTraffic(balancers, web, each) for each in plan.services]


def send(traffic: FunctionTraffic, minute: datetime, plan: FunctionPlan) -> str:
    """One minute; what went wrong, "" for nothing. The next one is tried all the same: there may be no function yet."""
    faults = {version: Fault(fault.errors, fault.milliseconds) for version, fault in plan.faults.items()}
    try:
        traffic.minute(minute, plan.per_minute, faults)
    except (BotoCoreError, ClientError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
