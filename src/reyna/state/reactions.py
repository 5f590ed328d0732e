"""What the state service does when it hears that something happened."""

import msgspec

from reyna.domain.event import DECODER, LIVE_SUBJECTS
from reyna.ports import Bus, Heard, Subscription
from reyna.state.shapes import Shapes


async def follow_schemas(bus: Bus, shapes: Shapes) -> Subscription:
    """Forget which version is the newest whenever one is registered; versions themselves never change."""

    def hear(heard: Heard) -> None:
        event = DECODER.decode(heard.body)
        data = msgspec.convert(event.data, Registered)
        shapes.forget(event.userid, data.schema_id.rpartition("-v")[0])

    return await bus.listen(f"{LIVE_SUBJECTS}.*.schema.registered", hear)


class Registered(msgspec.Struct, frozen=True):
    schema_id: str
