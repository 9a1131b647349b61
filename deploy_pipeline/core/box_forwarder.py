"""The first process of a box that has hosts: it leads from the box's own loopback to the proxy's mounted socket.

The box has no network. The program is the source of a small Python script, because it runs in the box's image.
"""

SOCKET = "/egress"
HOST, PORT = "127.0.0.1", 3128
PROXY = f"http://{HOST}:{PORT}"

_FORWARDER = """
import asyncio, sys
path, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
async def carry(source, sink):
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.write_eof()
    except OSError:
        sink.close()
async def serve(reader, writer):
    try:
        far_reader, far_writer = await asyncio.open_unix_connection(path)
    except OSError:
        writer.close()
        return
    await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))
    far_writer.close()
    writer.close()
async def main():
    async with await asyncio.start_server(serve, host, port) as server:
        await server.serve_forever()
asyncio.run(main())
"""
_AWAITED = """
import socket, sys, time
while True:
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).close()
        break
    except OSError:
        time.sleep(0.05)
"""


def forwarder() -> tuple[str, ...]:
    """The command line of the forwarder."""
    return ("python3", "-I", "-S", "-c", _FORWARDER, SOCKET, HOST, str(PORT))


def awaited() -> tuple[str, ...]:
    """The command line of a program that ends once the forwarder listens."""
    return ("python3", "-I", "-S", "-c", _AWAITED, HOST, str(PORT))
