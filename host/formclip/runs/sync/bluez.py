"""What BlueZ needs of a program beyond what bleak does for it. On other systems nothing here does anything.

An agent. BlueZ asks one even where there is nothing to compare (Just Works); while there is none it refuses, or pairs
without keeping the bond. A desktop has one that shows a dialog, a computer without a screen has none. So one of ours is
there while `--pair` is under way: the press of the clip's button and the option are the consent.

Left connections. BlueZ keeps the link of a program that was killed; its clip may be silent, so that no scan finds it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

_PATH = "/org/formclip/agent"
_AGENT = "org.bluez.Agent1"
_DEVICE = "org.bluez.Device1"
_YES = ("RequestConfirmation", "RequestAuthorization", "AuthorizeService")


@contextlib.asynccontextmanager
async def _bus() -> AsyncIterator[Any]:
    from dbus_fast import BusType
    from dbus_fast.aio import MessageBus

    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await bus.connect()
        yield bus
    finally:
        bus.disconnect()


async def _call(bus: Any, path: str, interface: str, member: str, signature: str = "", *body: Any) -> list[Any]:
    from dbus_fast import Message, MessageType

    reply = await bus.call(
        Message(
            destination="org.bluez",
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
    )
    return [] if reply is None or reply.message_type is MessageType.ERROR else list(reply.body)


@contextlib.asynccontextmanager
async def agreeing(device: Any) -> AsyncIterator[None]:
    """While the block lasts BlueZ may pair with this device, as bleak names it, and with no other.

    Errors  none: where no agent can be registered, the desktop's own is left to answer
    """
    path = device.details.get("path") if isinstance(device.details, dict) else None
    async with contextlib.AsyncExitStack() as stack:
        if sys.platform == "linux" and path is not None:
            from dbus_fast import DBusError, Message, MessageType

            def answer(message: Message) -> Message | None:
                if message.message_type is not MessageType.METHOD_CALL or message.interface != _AGENT:
                    return None
                if message.member in ("Release", "Cancel") or (message.member in _YES and message.body[0] == path):
                    return Message.new_method_return(message)
                return Message.new_error(message, "org.bluez.Error.Rejected", "not the clip that is being paired")

            with contextlib.suppress(OSError, EOFError, DBusError):
                # BlueZ drops the agent with its connection, and the one before it is asked again.
                bus = await stack.enter_async_context(_bus())
                bus.add_message_handler(answer)
                manager = "org.bluez.AgentManager1"
                await _call(bus, "/org/bluez", manager, "RegisterAgent", "os", _PATH, "NoInputNoOutput")
                await _call(bus, "/org/bluez", manager, "RequestDefaultAgent", "o", _PATH)
        yield


async def left_connected(service: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(address, name, details as bleak's device has them) of what BlueZ is connected to and has the service."""
    if sys.platform != "linux":
        return []
    from dbus_fast import DBusError

    found = []
    with contextlib.suppress(OSError, EOFError, DBusError):
        async with _bus() as bus:
            objects = await _call(bus, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
            for path, interfaces in (objects[0] if objects else {}).items():
                props = {name: value.value for name, value in interfaces.get(_DEVICE, {}).items()}
                if props.get("Connected") and service in props.get("UUIDs", ()):
                    found.append((props["Address"], props["Alias"], {"path": path, "props": props}))
    return found
