"""Users of a service while its traffic is moved between the colours of an emulated load balancer, again and again."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest

from deploy_pipeline.core.colours import OTHER, Colour
from deploy_pipeline.core.spec import LoadBalancerSpec, ServiceSpec
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.ecs_services import EcsServices
from deploy_pipeline.gateways.load_balancers import AwsLoadBalancers
from deploy_pipeline.gateways.web import HttpWeb
from deploy_pipeline.rollout.service_colours import ServiceColours
from deploy_pipeline.rollout.service_health import ServiceHealth
from deploy_pipeline.sandbox.traffic.plan import ServicePlan
from deploy_pipeline.sandbox.traffic.services import ServiceTraffic

SWITCHES = 10
REQUESTS_BETWEEN = 20
SECONDS = 60.0


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """The port of a server that always says the same."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class World:
    """A load balancer whose production listener forwards to blue and whose test listener forwards to green."""

    def __init__(self, aws: AwsSettings, ports: dict[Colour, int]) -> None:
        self.name, vendor = (
            f"lb-{uuid.uuid4().hex[:8]}",
            boto3.client("elbv2", aws.region, endpoint_url=aws.endpoint_url),
        )
        balancer = vendor.create_load_balancer(Name=self.name, Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
        arns = {}
        for colour, port in ports.items():
            made = vendor.create_target_group(
                Name=f"{self.name}-{colour}", Protocol="HTTP", Port=port, VpcId="vpc-1", TargetType="ip"
            )
            arns[colour] = made["TargetGroups"][0]["TargetGroupArn"]
            vendor.register_targets(TargetGroupArn=arns[colour], Targets=[{"Id": "127.0.0.1", "Port": port}])
        listeners: tuple[tuple[int, Colour], ...] = ((8081, "green"), (80, "blue"))
        for listening, colour in listeners:
            vendor.create_listener(
                LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=listening,
                DefaultActions=[{"Type": "forward", "TargetGroupArn": arns[colour]}],
            )  # fmt: skip
        self.balancers, self.web = AwsLoadBalancers(aws), HttpWeb(SystemClock())
        health = ServiceHealth(EcsServices(aws), self.balancers, self.web, SystemClock(), lambda line: None)
        spec = LoadBalancerSpec(
            name=self.name, test_port=8081, blue_target_group=f"{self.name}-blue",
            green_target_group=f"{self.name}-green", green_service="green",
        )  # fmt: skip
        service = ServiceSpec(
            cluster="ml", service="blue", task_family="ml", container="ml", image="ml", port=8080, load_balancer=spec
        )
        self.colours = ServiceColours(health, service, spec)
        self.traffic = ServiceTraffic(
            self.balancers, self.web, ServicePlan(load_balancer=self.name, port=80, path="/health")
        )

    def body(self, port: int) -> str:
        address = self.balancers.address(self.name, port)
        return self.web.call("GET", address.url + "/health", headers=address.headers).body

    @contextmanager
    def users(self) -> Iterator[None]:
        """Requests without a pause, as long as this is open."""
        gone = threading.Event()

        def send() -> None:
            while not gone.is_set():
                self.traffic.once()

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield
        finally:
            gone.set()
            thread.join()

    def after(self, requests: int) -> None:
        """Wait until users have sent so many more."""
        until, deadline = self.traffic.requests + requests, time.monotonic() + SECONDS
        while self.traffic.requests < until:
            assert time.monotonic() < deadline, self.traffic.counted()
            time.sleep(0.01)


@pytest.mark.real
def test_no_request_of_a_user_fails_while_the_traffic_moves(aws: AwsSettings) -> None:
    with answering(200, b"blue") as blue, answering(200, b"green") as green:
        world = World(aws, {"blue": blue, "green": green})
        with world.users():
            for _ in range(SWITCHES):
                idle = world.colours.traffic().idle
                world.after(REQUESTS_BETWEEN)
                world.colours.switch(idle)
                assert (world.body(80), world.body(8081)) == (idle, OTHER[idle])
            world.after(REQUESTS_BETWEEN)
        counted = world.traffic.counted()
    assert counted["failed"] == 0, counted
    assert counted["requests"] > SWITCHES * REQUESTS_BETWEEN


@pytest.mark.real
def test_a_request_that_fails_is_counted_once_something_has_answered(aws: AwsSettings) -> None:
    with answering(200, b"blue") as blue, answering(503, b"green") as green:
        world = World(aws, {"blue": blue, "green": green})
        world.colours.switch("green")
        world.traffic.once()
        assert world.traffic.counted() == {"requests": 0, "failed": 0, "failures": []}
        world.colours.switch("blue")
        world.traffic.once()
        world.colours.switch("green")
        world.traffic.once()
    counted = world.traffic.counted()
    assert (counted["requests"], counted["failed"]) == (2, 1)
    assert counted["failures"][0].endswith(" 503")
