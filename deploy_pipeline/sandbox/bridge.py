"""A TCP forwarder: containers reach a server that listens on loopback only. Run as `python -m`; decides nothing.

It listens on the Docker bridge's own address, which only this machine and its containers can reach.
"""

import argparse
import asyncio
import contextlib
from functools import partial

CHUNK = 64 * 1024
Address = tuple[str, int]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()  # the other direction may still have an answer to bring


async def forward(target: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one connection to `target` until both sides are done."""
    try:
        target_reader, target_writer = await asyncio.open_connection(*target)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_copy(reader, target_writer), _copy(target_reader, writer))
    for side in (writer, target_writer):
        side.close()


async def serve(listen: Address, target: Address) -> None:
    """Forward every connection, for ever."""
    server = await asyncio.start_server(partial(forward, target), *listen)
    async with server:
        await server.serve_forever()


def address(text: str) -> Address:
    """`host:port`."""
    host, _, port = text.rpartition(":")
    return host, int(port)


def main() -> None:
    """Read the two addresses and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", type=address, required=True, metavar="HOST:PORT")
    parser.add_argument("--target", type=address, required=True, metavar="HOST:PORT")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.listen, arguments.target))


if __name__ == "__main__":
    main()
