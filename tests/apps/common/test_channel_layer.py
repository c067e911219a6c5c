"""The channel layer on Redis: an idle reader must outlive its own waiting."""

import asyncio
import os

import pytest
from channels_redis.core import RedisChannelLayer

from tradesim.settings.base import channel_layers_on_redis


def test_a_socket_waits_longer_than_a_reader_does():
    (host,) = channel_layers_on_redis("redis://redis:6379/0")["default"]["CONFIG"]["hosts"]
    assert host["socket_timeout"] > 2 * RedisChannelLayer.brpop_timeout


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="needs REDIS_URL")
def test_an_idle_reader_still_gets_the_next_message():
    async def journey():
        layer = RedisChannelLayer(**channel_layers_on_redis(os.environ["REDIS_URL"])["default"]["CONFIG"])
        name = await layer.new_channel()
        reader = asyncio.create_task(layer.receive(name))
        # Longer than one wait of the reader; it must still be there afterwards.
        done, _ = await asyncio.wait({reader}, timeout=layer.brpop_timeout + 2)
        assert not done
        await layer.send(name, {"type": "session.ready"})
        assert (await asyncio.wait_for(reader, 5))["type"] == "session.ready"
        await layer.close_pools()

    asyncio.run(journey())
