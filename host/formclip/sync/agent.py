"""Who says yes on Linux when this computer pairs with a clip.

BlueZ asks an agent even where there is nothing to compare (Just Works), and while there is none it refuses, or pairs
without keeping the bond. A desktop has one that shows a dialog, a computer without a screen has none. So one of ours is
there while `--pair` is under way: the press of the clip's button and the option are the consent. It says yes for that
clip only.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

PATH = "/org/formclip/agent"
_AGENT = "org.bluez.Agent1"
_MANAGER = "org.bluez.AgentManager1"
_YES = ("RequestConfirmation", "RequestAuthorization", "AuthorizeService")


@contextlib.asynccontextmanager
async def agreeing(device: Any) -> AsyncIterator[None]:
    """While the block lasts BlueZ may pair with this device, as bleak names it; on other systems nothing happens.

    Errors  none: where no agent can be registered, the desktop's own is left to answer
    """
    path = device.details.get("path") if isinstance(device.details, dict) else None
    if sys.platform != "linux" or path is None:
        yield
        return
    from dbus_fast import BusType, DBusError, Message, MessageType
    from dbus_fast.aio import MessageBus

    def answer(message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.interface != _AGENT:
            return None
        if message.member in ("Release", "Cancel") or (message.member in _YES and message.body[0] == path):
            return Message.new_method_return(message)
        return Message.new_error(message, "org.bluez.Error.Rejected", "not the clip that is being paired")

    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        with contextlib.suppress(OSError, EOFError, DBusError):
            await bus.connect()
            bus.add_message_handler(answer)
            for member, signature, body in (
                ("RegisterAgent", "os", [PATH, "NoInputNoOutput"]),
                ("RequestDefaultAgent", "o", [PATH]),
            ):
                await bus.call(
                    Message(
                        destination="org.bluez",
                        path="/org/bluez",
                        interface=_MANAGER,
                        member=member,
                        signature=signature,
                        body=body,
                    )
                )
        yield
    finally:
        # BlueZ drops the agent with its connection, and the one before it is asked again.
        bus.disconnect()
