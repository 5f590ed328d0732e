"""Webhooks: what happens is posted to the URLs of its user, signed, at least once, and nobody waits for another."""

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooMuch
from reyna.domain.event import ENCODER, Event
from reyna.domain.webhooks.delivery import WebhookDelivery
from reyna.domain.webhooks.webhook import CreatedWebhook, NewWebhook, WebhookChange
from reyna.services.studio.sign_in.sessions import SignedIn
from reyna.services.studio.webhooks.back_off import RETRY_DELAYS
from tests.services.studio.harness import StudioHarness
from tests.services.studio.webhooks.receiver import Posted, Receiver, access_to

URL = "https://hooks.example/ana"


def caller_of(person: SignedIn) -> Caller:
    return Caller(user_id=person.user.id)


async def create(hooks: StudioHarness, person: SignedIn, url: str = URL, **fields: Any) -> CreatedWebhook:
    return await hooks.studio.webhooks.create(caller_of(person), NewWebhook(url=url, **{"types": ("file.*",)} | fields))


async def publish(hooks: StudioHarness, person: SignedIn, number: int = 1, type: str = "file.created") -> Event:
    """Publishes an event, and returns it when its deliveries are created."""
    event = Event.now(type, caller_of(person), {"number": number})
    await hooks.studio.webhook_reactions.handle(event, ENCODER.encode(event))
    return event


async def deliveries(hooks: StudioHarness, person: SignedIn, webhook: CreatedWebhook) -> tuple[WebhookDelivery, ...]:
    return (await hooks.studio.deliveries.list(caller_of(person), webhook.id)).items


async def send(hooks: StudioHarness, person: SignedIn, webhook: CreatedWebhook) -> None:
    """Sends what is due now, until nothing is."""
    sending = hooks.studio.webhook_sending
    while (due := await sending.send_due(person.user.id, webhook.id)) is not None and due <= hooks.clock():
        pass


def signature_of(secret: str, posted: Posted) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


async def test_an_event_on_the_bus_is_posted_with_a_signature_that_its_receiver_can_check(
    hooks: StudioHarness, receiver: Receiver, anas: SignedIn, bos: SignedIn
) -> None:
    webhook = await create(hooks, anas)
    await hooks.bus.publish(Event.now("file.created", caller_of(bos), {"number": -1}).message())
    event = Event.now("file.created", caller_of(anas), {"number": 1})
    await hooks.bus.publish(event.message())
    [posted] = await receiver.wait_for(URL)
    assert msgspec.json.decode(posted.body) == msgspec.json.decode(ENCODER.encode(event))
    assert posted.headers["webhook-id"] == event.id
    assert posted.headers["webhook-signature"] == signature_of(webhook.secret, posted)
    assert int(posted.headers["webhook-timestamp"]) == int(hooks.clock().timestamp())


async def test_types_and_buckets_filter_what_is_posted(
    hooks: StudioHarness, receiver: Receiver, anas: SignedIn
) -> None:
    ana = caller_of(anas)
    parents = {"book": None, "one": "book", "other": None}

    async def read_parents(caller: Caller) -> dict[str, str | None]:
        return dict(parents)

    hooks.studio.webhook_reactions.read_parents = read_parents
    webhook = await create(hooks, anas, types=("bucket.*",), bucket_ids=("book",))
    for bucket_id in ("one", "other", "book"):
        event = Event.now("bucket.updated", ana, {"bucket_id": bucket_id, "parent_bucket_id": parents[bucket_id]})
        await hooks.studio.webhook_reactions.handle(event, ENCODER.encode(event))
    await publish(hooks, anas, type="file.created")
    await send(hooks, anas, webhook)
    bodies = [msgspec.json.decode(one.body)["data"]["bucket_id"] for one in await receiver.wait_for(URL, 2)]
    assert sorted(bodies) == ["book", "one"]


async def test_an_event_that_comes_twice_is_one_delivery(hooks: StudioHarness, anas: SignedIn) -> None:
    webhook = await create(hooks, anas)
    event = await publish(hooks, anas)
    await hooks.studio.webhook_reactions.handle(event, ENCODER.encode(event))
    assert [one.number for one in await deliveries(hooks, anas, webhook)] == [1]


async def test_an_event_is_ignored_only_while_its_user_is_known_to_have_no_webhook(
    hooks: StudioHarness, anas: SignedIn
) -> None:
    is_ignored = hooks.studio.webhook_reactions.is_ignored
    of_ana, of_other = await publish(hooks, anas), Event.now("file.created", Caller(user_id="user-unknown"), {})
    assert is_ignored(ENCODER.encode(of_ana))
    assert not is_ignored(ENCODER.encode(of_other))  # whose webhooks were never read
    assert not is_ignored(b"{")
    webhook = await create(hooks, anas)
    assert not is_ignored(ENCODER.encode(of_ana))
    await publish(hooks, anas)
    assert not is_ignored(ENCODER.encode(of_ana))
    await hooks.studio.webhooks.delete(caller_of(anas), webhook.id)
    await publish(hooks, anas)
    assert is_ignored(ENCODER.encode(of_ana))


async def test_an_old_event_that_is_published_again_is_not_for_a_webhook_of_today(
    hooks: StudioHarness, anas: SignedIn
) -> None:
    webhook = await create(hooks, anas)
    event = Event.now("file.created", caller_of(anas), {"number": 1})
    old = msgspec.structs.replace(event, time=hooks.clock() - timedelta(days=1))
    await hooks.studio.webhook_reactions.handle(old, ENCODER.encode(old))
    assert await deliveries(hooks, anas, webhook) == ()


async def test_a_delivery_that_fails_is_repeated_with_growing_pauses_and_then_given_up(
    harness: StudioHarness, receiver: Receiver, anas: SignedIn
) -> None:
    hooks = harness.copy(webhook_access=access_to(receiver))  # nothing is sent but by the test
    receiver.replies[URL] = 500
    webhook = await create(hooks, anas)
    await publish(hooks, anas)
    for number, delay in enumerate((*RETRY_DELAYS, None), 1):
        await send(hooks, anas, webhook)
        [delivery] = await deliveries(hooks, anas, webhook)
        assert delivery.attempt_count == number
        assert delivery.next_attempt_at == (None if delay is None else hooks.clock() + delay)
        hooks.clock.advance(delay or timedelta())
    assert (delivery.status, delivery.attempts[-1].status, delivery.attempts[-1].response) == ("failed", 500, "thanks")
    assert len({one.headers["webhook-id"] for one in receiver.posted}) == 1


async def test_a_receiver_that_hangs_does_not_hold_up_another(
    hooks: StudioHarness, receiver: Receiver, anas: SignedIn
) -> None:
    receiver.hanging.add("https://hanging.example/")
    await create(hooks, anas, "https://hanging.example/")
    await create(hooks, anas)
    for number in range(20):
        await publish(hooks, anas, number)
    await receiver.wait_for(URL, 20)
    await receiver.wait_for("https://hanging.example/")


async def test_a_webhook_that_fails_for_days_is_disabled_with_an_event_and_can_be_enabled_again(
    harness: StudioHarness, receiver: Receiver, anas: SignedIn
) -> None:
    hooks = harness.copy(webhook_access=access_to(receiver))
    receiver.replies[URL] = 503
    webhook = await create(hooks, anas)
    await publish(hooks, anas)
    await send(hooks, anas, webhook)
    failing = await hooks.studio.webhooks.get(caller_of(anas), webhook.id)
    assert (failing.failing_since, failing.enabled) == (hooks.clock(), True)
    hooks.clock.advance(timedelta(days=5))
    await send(hooks, anas, webhook)
    disabled = await hooks.studio.webhooks.get(caller_of(anas), webhook.id)
    assert (disabled.enabled, disabled.disabled_reason) == (False, "Nothing could be delivered for days.")
    told = await hooks.studio.event_feed.list(caller_of(anas), type="webhook.disabled")
    assert [event.data["webhook_id"] for event in told.items] == [webhook.id]
    with pytest.raises(Conflict):
        await hooks.studio.deliveries.test(caller_of(anas), webhook.id)
    again = await hooks.studio.webhooks.change(caller_of(anas), webhook.id, WebhookChange(enabled=True))
    assert (again.enabled, again.failing_since, again.disabled_reason) == (True, None, None)


async def test_a_receiver_that_is_gone_by_its_own_word_is_not_asked_again(
    harness: StudioHarness, receiver: Receiver, anas: SignedIn
) -> None:
    hooks = harness.copy(webhook_access=access_to(receiver))
    receiver.replies[URL] = 410
    webhook = await create(hooks, anas)
    await publish(hooks, anas)
    await send(hooks, anas, webhook)
    assert not (await hooks.studio.webhooks.get(caller_of(anas), webhook.id)).enabled
    assert [one.status for one in await deliveries(hooks, anas, webhook)] == ["failed"]


async def test_a_delivery_is_sent_again_on_request_and_a_test_event_to_one_webhook_alone(
    hooks: StudioHarness, receiver: Receiver, anas: SignedIn
) -> None:
    webhook = await create(hooks, anas)
    await create(hooks, anas, "https://other.example/")
    tested = await hooks.studio.deliveries.test(caller_of(anas), webhook.id)
    assert (tested.type, tested.number) == ("webhook.test", 1)
    await receiver.wait_for(URL)
    hooks.clock.advance(timedelta(seconds=1))
    while (await deliveries(hooks, anas, webhook))[0].status == "pending":
        await send(hooks, anas, webhook)
    await hooks.studio.deliveries.retry(caller_of(anas), webhook.id, 1)
    first, second = await receiver.wait_for(URL, 2)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert receiver.posted_to("https://other.example/") == []
    with pytest.raises(NotFound):
        await hooks.studio.deliveries.retry(caller_of(anas), webhook.id, 2)


async def test_nothing_of_a_webhook_is_seen_or_changed_by_others(
    hooks: StudioHarness, anas: SignedIn, bos: SignedIn
) -> None:
    webhook, bo, studio = await create(hooks, anas), caller_of(bos), hooks.studio
    assert (await studio.webhooks.list(bo)).items == ()
    for refused in (
        studio.webhooks.get(bo, webhook.id),
        studio.webhooks.change(bo, webhook.id, WebhookChange(enabled=False)),
        studio.webhooks.delete(bo, webhook.id),
        studio.deliveries.list(bo, webhook.id),
        studio.deliveries.test(bo, webhook.id),
        studio.deliveries.retry(bo, webhook.id, 1),
    ):
        with pytest.raises(NotFound):
            await refused


async def test_the_secret_is_shown_once_and_stored_encrypted(hooks: StudioHarness, anas: SignedIn) -> None:
    given = "whsec_" + base64.b64encode(b"s" * 24).decode()
    webhook = await create(hooks, anas, secret=given)
    assert webhook.secret == given
    [shown] = (await hooks.studio.webhooks.list(caller_of(anas))).items
    stored = await hooks.studio.webhooks.get_stored(anas.user.id, webhook.id)
    assert given not in msgspec.json.encode(shown).decode() + msgspec.json.encode(stored).decode()
    assert "whsec_" not in repr(webhook)


@pytest.mark.parametrize(
    "fields",
    [{"url": "https://10.0.0.1/"}, {"types": ("nonsense",)}, {"secret": "short"}, {"secret": "whsec_c2hvcnQ="}],
)
async def test_a_webhook_that_cannot_work_is_refused(
    hooks: StudioHarness, anas: SignedIn, fields: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        await create(hooks, anas, **fields)
    assert (await hooks.studio.webhooks.list(caller_of(anas))).items == ()


async def test_a_user_has_fifty_webhooks_and_a_processor_makes_none(hooks: StudioHarness, anas: SignedIn) -> None:
    first = await create(hooks, anas)
    for _ in range(49):
        await create(hooks, anas)
    with pytest.raises(TooMuch):
        await create(hooks, anas)
    await hooks.studio.webhooks.delete(caller_of(anas), first.id)
    await create(hooks, anas)
    processor = Caller(user_id=anas.user.id, kind="processor", processor_id="shout", run_id="run-1")
    with pytest.raises(Forbidden):
        await hooks.studio.webhooks.create(processor, NewWebhook(url=URL))


async def test_what_a_copy_has_left_behind_is_sent_by_another_and_old_deliveries_are_deleted(
    harness: StudioHarness, receiver: Receiver, anas: SignedIn
) -> None:
    stopped = harness.copy(webhook_access=access_to(receiver))
    webhook = await create(stopped, anas)
    await publish(stopped, anas)
    assert receiver.posted == []
    running = stopped.copy(webhook_access=access_to(receiver))
    await running.studio.webhook_sending.start()
    await receiver.wait_for(URL)
    await running.studio.webhook_sending.stop()
    running.clock.advance(timedelta(days=31))
    await running.studio.webhook_sending.sweep()
    assert await deliveries(running, anas, webhook) == ()
