"""`reyna user list | invite | reset | disable | enable | role`: who may use a studio, never what they wrote."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

import typer
from rich.table import Table

from reyna.app.bus_connection import connect_bus
from reyna.app.config import Settings
from reyna.cli.execution import run_async
from reyna.cli.startup import join_running_studio, load_settings
from reyna.cli.terminal import OUT, add_row, print_line
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Fault
from reyna.domain.quota import Usage
from reyna.services.state.service import State
from reyna.services.studio.accounts.members import Member
from reyna.services.studio.identity import StudioIdentity
from reyna.services.studio.records import Role
from reyna.transport.rpc import Signer, remote

app: Final = typer.Typer(name="user", help="The users of the studio.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="Whose account.")]
PAGE_SIZE: Final = 200


@app.command("list")
def list_users() -> None:
    """List all accounts with their roles and how much they keep; never what."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _list(settings))


@app.command("invite")
def invite(
    email: Annotated[
        str | None, typer.Argument(help="For this address only; left out, for whoever has the link.")
    ] = None,
) -> None:
    """Print an invitation to make an account: good once, for two weeks."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _invite(settings, email))


@app.command("reset")
def reset(email: Email) -> None:
    """Print a link that takes the password away and signs in, to choose another one: good once, for a day."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _reset(settings, email))


@app.command("disable")
def disable(email: Email) -> None:
    """End all sessions of an account, and let nobody sign in to it; what it holds is kept."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _set_disabled(settings, email, disabled=True))


@app.command("enable")
def enable(email: Email) -> None:
    """Let the user of a disabled account sign in again."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _set_disabled(settings, email, disabled=False))


@app.command("role")
def role(email: Email, role: Annotated[Role, typer.Argument(help="owner, admin or member.")]) -> None:
    """Give an account a role."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _set_role(settings, email, role))


@asynccontextmanager
async def _identity(settings: Settings) -> AsyncIterator[StudioIdentity]:
    async with connect_bus(settings) as bus:
        yield remote(StudioIdentity, "studio", bus, Signer(settings.signing_secret()).sign)


async def _list(settings: Settings) -> None:
    table = Table("E-mail", "Name", "Role", "Since", "Blobs", "Bytes", box=None)
    async with connect_bus(settings) as bus:
        sign = Signer(settings.signing_secret()).sign
        identity, state = remote(StudioIdentity, "studio", bus, sign), remote(State, "state", bus, sign)
        cursor: str | None = None
        while True:
            page = await identity.list_members(system_caller(), limit=PAGE_SIZE, cursor=cursor)
            for member in page.items:
                _add_member(table, member, await _usage_of(state, member))
            if (cursor := page.next_cursor) is None:
                break
    OUT.print(table)


async def _usage_of(state: State, member: Member) -> Usage | None:
    try:
        return await state.quota.usage(Caller(user_id=member.id, kind="house"))
    except Fault:  # the state service is not up
        return None


def _add_member(table: Table, member: Member, usage: Usage | None) -> None:
    role = f"{member.role}, disabled" if member.disabled_at else member.role
    used = ("?", "?") if usage is None else (f"{usage.used['blobs']:,}", f"{usage.used['bytes']:,}")
    add_row(table, member.email, member.name, role, f"{member.created_at:%Y-%m-%d}", *used)


async def _invite(settings: Settings, email: str | None) -> None:
    async with _identity(settings) as identity:
        token = await identity.create_invitation(system_caller(), email)
        print_line(f"Good once, for two weeks: http://127.0.0.1:{settings.port}/join#{token}")


async def _reset(settings: Settings, email: str) -> None:
    async with _identity(settings) as identity:
        token = await identity.create_reset_link(system_caller(), email)
        print_line(f"Good once, for a day: http://127.0.0.1:{settings.port}/signin#{token}")


async def _set_disabled(settings: Settings, email: str, *, disabled: bool) -> None:
    async with _identity(settings) as identity:
        change = identity.disable_member if disabled else identity.enable_member
        member = await change(system_caller(), email)
        print_line(f"{member.email} is {'disabled' if member.disabled_at else 'enabled'}.")


async def _set_role(settings: Settings, email: str, role: Role) -> None:
    async with _identity(settings) as identity:
        member = await identity.set_role(system_caller(), email, role)
        print_line(f"{member.email} has the role {member.role}.")
