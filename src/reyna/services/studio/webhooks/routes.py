"""The REST routes of webhooks."""

from typing import Annotated, Final

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter

from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.domain.webhooks.delivery import WebhookDelivery
from reyna.domain.webhooks.webhook import CreatedWebhook, NewWebhook, Webhook, WebhookChange
from reyna.services.studio.service import Studio
from reyna.transport.http import CurrentCaller, Cursor, IdempotencyKeyHeader, IfMatchHeader, Limit, parse_if_match

WebhooksDependency = NamedDependency[Studio]
DeliveryNumber = Annotated[int, PathParameter(ge=1, le=10**12)]


@get("/webhooks")
async def list_webhooks(
    studio: WebhooksDependency, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Webhook]:
    """Your webhooks, newest first."""
    return await studio.webhooks.list(caller, limit=limit, cursor=cursor)


@post("/webhooks")
async def create_webhook(
    studio: WebhooksDependency, caller: CurrentCaller, data: JSONBody[NewWebhook], key: IdempotencyKeyHeader
) -> CreatedWebhook:
    """Have a URL told of events. The answer has the secret of the signatures, which is shown this once."""
    return await studio.webhooks.create(caller, data, key=key)


@get("/webhooks/{id:str}")
async def get_webhook(studio: WebhooksDependency, caller: CurrentCaller, id: FromPath[str]) -> Webhook:
    """One of your webhooks."""
    return await studio.webhooks.get(caller, id)


@patch("/webhooks/{id:str}")
async def change_webhook(
    studio: WebhooksDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[WebhookChange],
    if_match: IfMatchHeader = None,
) -> Webhook:
    """Change its URL, filters or secret, or enable it again."""
    return await studio.webhooks.change(caller, id, data, if_match=await parse_if_match(if_match))


@delete("/webhooks/{id:str}")
async def delete_webhook(
    studio: WebhooksDependency, caller: CurrentCaller, id: FromPath[str], if_match: IfMatchHeader = None
) -> None:
    """Delete it; what was not delivered yet is not."""
    await studio.webhooks.delete(caller, id, if_match=await parse_if_match(if_match))


@post("/webhooks/{id:str}/test", status_code=202)
async def test_webhook(studio: WebhooksDependency, caller: CurrentCaller, id: FromPath[str]) -> WebhookDelivery:
    """Send an event of the type `webhook.test` to it alone; the log of deliveries says what became of it."""
    return await studio.deliveries.test(caller, id)


@get("/webhooks/{id:str}/deliveries")
async def list_deliveries(
    studio: WebhooksDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[WebhookDelivery]:
    """The deliveries to it, newest first, each with its attempts: kept for 30 days."""
    return await studio.deliveries.list(caller, id, limit=limit, cursor=cursor)


@post("/webhooks/{id:str}/deliveries/{number:int}/retry", status_code=202)
async def retry_delivery(
    studio: WebhooksDependency, caller: CurrentCaller, id: FromPath[str], number: DeliveryNumber
) -> WebhookDelivery:
    """Send it again now, whatever became of it."""
    return await studio.deliveries.retry(caller, id, number)


webhook_routes: Final = [
    list_webhooks,
    create_webhook,
    get_webhook,
    change_webhook,
    delete_webhook,
    test_webhook,
    list_deliveries,
    retry_delivery,
]
