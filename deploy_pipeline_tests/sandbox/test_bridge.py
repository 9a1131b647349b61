"""The TCP forwarder, between real sockets on loopback."""

import asyncio
from functools import partial

from deploy_pipeline.sandbox.bridge import address, forward

HOST = "127.0.0.1"


async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer in capitals, once the other side has said all."""
    writer.write((await reader.read()).upper())
    await writer.drain()
    writer.close()


async def answer_through_the_bridge(message: bytes, *, target_listens: bool = True) -> bytes:
    target = await asyncio.start_server(shout, HOST, 0)
    target_address = target.sockets[0].getsockname()[:2]
    if not target_listens:
        target.close()
        await target.wait_closed()
    bridge = await asyncio.start_server(partial(forward, target_address), HOST, 0)
    try:
        reader, writer = await asyncio.open_connection(*bridge.sockets[0].getsockname()[:2])
        writer.write(message)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer
    finally:
        bridge.close()
        target.close()


def test_forward_carries_both_directions_to_their_ends() -> None:
    message = b"some words " * 50_000

    assert asyncio.run(answer_through_the_bridge(message)) == message.upper()


def test_forward_closes_the_connection_when_nothing_listens_behind_it() -> None:
    assert asyncio.run(answer_through_the_bridge(b"", target_listens=False)) == b""


def test_address() -> None:
    assert address("172.17.0.1:4566") == ("172.17.0.1", 4566)
