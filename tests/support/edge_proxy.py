"""A small edge for tests: routes by path to the web and the realtime process as the production proxy does.

One request a connection (`Connection: close`), bytes piped through untouched otherwise. Not for real traffic.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re

REALTIME = re.compile(rb"^[A-Z]+ (/ws/|/api/v1/sessions/[^/ ?]+/(events|progress)([?/ ]|$))")
HEAD_LIMIT = 65_536
HOP_HEADERS = (b"connection:", b"x-forwarded-for:", b"x-forwarded-proto:", b"x-forwarded-host:")


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


def rewrite(head: bytes, peer: str) -> tuple[bytes, bool]:
    """The request head with our forwarding headers, and whether it asks for an upgrade."""
    lines = head[:-4].split(b"\r\n")
    upgrade = any(line.lower().startswith(b"upgrade:") for line in lines)
    kept = [line for line in lines if not line.lower().startswith(HOP_HEADERS)]
    kept += [b"X-Forwarded-For: " + peer.encode(), b"X-Forwarded-Proto: https"]
    kept.append(b"Connection: Upgrade" if upgrade else b"Connection: close")
    return b"\r\n".join(kept) + b"\r\n\r\n", upgrade


def handler(web: tuple[str, int], realtime: tuple[str, int]):
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            writer.close()
            return
        target = realtime if REALTIME.match(head) else web
        peer = writer.get_extra_info("peername")
        new_head, _ = rewrite(head, peer[0] if peer else "127.0.0.1")
        try:
            up_reader, up_writer = await asyncio.open_connection(*target, limit=HEAD_LIMIT)
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        up_writer.write(new_head)
        upstream = asyncio.create_task(pipe(reader, up_writer))
        await pipe(up_reader, writer)
        upstream.cancel()
        for end in (up_writer, writer):
            with contextlib.suppress(OSError):
                end.close()

    return handle


async def serve(port: int, web: tuple[str, int], realtime: tuple[str, int]) -> None:
    server = await asyncio.start_server(handler(web, realtime), "127.0.0.1", port, limit=HEAD_LIMIT)
    async with server:
        await server.serve_forever()


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--web", type=address, required=True)
    parser.add_argument("--realtime", type=address, required=True)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.port, arguments.web, arguments.realtime))
