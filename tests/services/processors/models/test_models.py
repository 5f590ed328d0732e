"""The language models of users: their keys go in and never come out."""

import logging

import msgspec
import pytest

from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooMuch, Unserved
from reyna.domain.processing.model import SYSTEM_MODEL_ID, Model, ModelChange, NewModel, RunModel
from reyna.domain.processing.processor import InstanceChange, NewInstance
from reyna.domain.processing.run import NewRuns
from reyna.ports.language import ModelEndpoint
from reyna.services.processors.models.key_encryption import KeyEncryption
from reyna.services.processors.models.models import MAX_MODELS
from reyna.services.processors.records import COLLECTIONS, MODELS
from tests.services.processors.models.stand_in import FORBIDDEN_URL
from tests.services.processors.neighbours import a_blob, caller_of, list_messages, list_work
from tests.services.processors.service_in_memory import KEY_SECRET, Service

ANA, BO = Caller(user_id="user-ana"), Caller(user_id="user-bo")
KEY = "sk-very-secret-0123456789-x7Qa"
NEW = NewModel(name="Big", provider="openai", url="https://model.example/v1", key=KEY, model="big-1")


async def add(service: Service, user: Caller = ANA, **changes: object) -> Model:
    return await service.processors.models.create(user, msgspec.structs.replace(NEW, **changes))


async def test_a_model_shows_the_end_of_its_key_alone(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        model = await add(service)
        await service.processors.models.change(ANA, model.id, ModelChange(name="Bigger"))
        await service.processors.models.test(ANA, model.id)
    assert model.key_hint == "x7Qa"
    listed = (await service.processors.models.list(ANA)).items
    assert [one.id for one in listed] == [SYSTEM_MODEL_ID, model.id]
    stored = [one for name in COLLECTIONS for one in await service.store.find(name, ANA.user_id)]
    everything = [model, listed, stored, await list_messages(service.store), caplog.text]
    assert KEY[:-4] not in repr(everything)
    assert KEY[:-4].encode() not in msgspec.json.encode([model, listed, stored])
    assert KEY not in repr(NEW)


async def test_nobody_sees_or_touches_the_models_of_others(service: Service) -> None:
    model = await add(service)
    assert [one.scope for one in (await service.processors.models.list(BO)).items] == ["system"]
    for call in (
        service.processors.models.change(BO, model.id, ModelChange(name="Mine")),
        service.processors.models.delete(BO, model.id),
        service.processors.models.test(BO, model.id),
    ):
        with pytest.raises(NotFound):
            await call


async def test_the_key_of_a_model_is_worth_nothing_elsewhere(service: Service) -> None:
    model = await add(service)
    (stored,) = await service.store.find(MODELS, ANA.user_id)
    assert stored.encrypted_key is not None
    encryption = KeyEncryption(KEY_SECRET)
    assert encryption.decrypt(stored.encrypted_key, ANA.user_id, model.id) == KEY
    for user, id, secret in (
        (BO.user_id, model.id, KEY_SECRET),
        (ANA.user_id, "model-2", KEY_SECRET),
        (ANA.user_id, model.id, b"x" * 32),
    ):
        with pytest.raises(Invalid, match="Enter it again"):
            KeyEncryption(secret).decrypt(stored.encrypted_key, user, id)


async def test_a_key_does_not_follow_its_model_to_another_address(service: Service) -> None:
    model = await add(service)
    with pytest.raises(Invalid, match="entered again"):
        await service.processors.models.change(ANA, model.id, ModelChange(url="https://evil.example/v1"))
    changed = ModelChange(url="https://other.example/v1", key=None)
    assert (await service.processors.models.change(ANA, model.id, changed)).key_hint is None


async def test_an_address_that_is_not_allowed_is_refused(service: Service) -> None:
    with pytest.raises(Invalid, match="url"):
        await add(service, url=FORBIDDEN_URL)
    model = await add(service)
    with pytest.raises(Invalid, match="url"):
        await service.processors.models.change(ANA, model.id, ModelChange(url=FORBIDDEN_URL, key="k"))


async def test_a_url_with_a_password_is_no_url() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "n", "provider": "openai", "url": "http://a:b@host/v1", "model": "m"}, NewModel)


async def test_trying_a_model_out_says_how_long_it_took_or_what_is_wrong(service: Service) -> None:
    model = await add(service)
    check = await service.processors.models.test(ANA, model.id)
    assert (check.works, check.input_tokens, check.output_tokens) == (True, 9, 2)
    assert service.models.opened == [ModelEndpoint(url=NEW.url, key=KEY, model="big-1")]
    service.models.error = Unserved("The language model at model.example cannot be reached.")
    check = await service.processors.models.test(ANA, SYSTEM_MODEL_ID)
    assert (check.works, check.detail) == (False, "The language model at model.example cannot be reached.")


async def test_a_user_has_so_many_models_and_no_more(service: Service) -> None:
    for _ in range(MAX_MODELS):
        await add(service)
    with pytest.raises(TooMuch):
        await add(service)
    await add(service, BO)


async def request(service: Service, user: Caller, **choice: object) -> Caller:
    """Requests a run, and returns the caller of its worker."""
    blob = service.state.keep(a_blob(user.user_id))
    new = NewRuns(processor_id="text-expansion", blob_ids=(blob.id,))
    (run,) = await service.processors.runs.request(user, msgspec.structs.replace(new, **choice))
    return await service.worker_of(run)


@pytest.mark.parametrize("in_settings", [False, True])
async def test_the_worker_of_a_run_gets_its_model(service: Service, in_settings: bool) -> None:
    model = await add(service)
    choice = {"settings": {"model": model.id, "style": "vivid"}} if in_settings else {"model": model.id}
    worker = await request(service, ANA, **choice)
    assert worker.run_id is not None
    found = await service.processors.run_models.get(worker, worker.run_id)
    assert found == RunModel(provider="openai", url=NEW.url, key=KEY, model="big-1")
    assert KEY not in repr(found)
    (work,) = await list_work(service.store)
    assert (work.model, "model" in work.settings) == (model.id, False)


async def test_nobody_but_the_worker_of_the_run_gets_its_model(service: Service) -> None:
    model = await add(service)
    worker = await request(service, ANA, model=model.id)
    assert worker.run_id is not None
    other = await request(service, BO)
    for caller in (ANA, BO, system_caller(), other, msgspec.structs.replace(worker, run_id=None)):
        with pytest.raises(Forbidden):
            await service.processors.run_models.get(caller, worker.run_id)
    assert other.run_id is not None
    with pytest.raises(NotFound):
        await service.processors.run_models.get(other, other.run_id)
    await service.processors.runs.cancel(ANA, worker.run_id)
    with pytest.raises(Conflict):
        await service.processors.run_models.get(worker, worker.run_id)


async def test_a_run_whose_model_was_deleted_says_so(service: Service) -> None:
    model = await add(service)
    worker = await request(service, ANA, model=model.id)
    await service.processors.models.delete(ANA, model.id)
    assert worker.run_id is not None
    with pytest.raises(Invalid, match="does not exist any more"):
        await service.processors.run_models.get(worker, worker.run_id)


async def test_a_processor_from_elsewhere_never_gets_the_model_of_a_user(service: Service) -> None:
    model = await add(service)
    await service.register("shout")
    blob = service.state.keep(a_blob(ANA.user_id))
    with pytest.raises(Invalid, match="does not ship with the studio"):
        await service.processors.runs.request(ANA, NewRuns(processor_id="shout", blob_ids=(blob.id,), model=model.id))
    (run,) = await service.processors.runs.request(ANA, NewRuns(processor_id="shout", blob_ids=(blob.id,)))
    worker = [caller_of(work) for work in await list_work(service.store) if work.run_id == run.id][-1]
    with pytest.raises(Forbidden):
        await service.processors.run_models.get(worker, run.id)


async def test_a_model_of_another_user_cannot_be_chosen(service: Service) -> None:
    model = await add(service)
    with pytest.raises(Invalid, match="no model of yours"):
        await request(service, BO, model=model.id)
    with pytest.raises(Invalid, match="no model of yours"):
        await request(service, BO, settings={"model": model.id})
    new = NewInstance(processor_id="text-expansion", settings={"model": model.id})
    with pytest.raises(Invalid, match="no model of yours"):
        await service.processors.instances.create(BO, new)


async def test_an_instance_names_the_model_of_its_runs(service: Service) -> None:
    model = await add(service)
    instance = await service.processors.instances.create(ANA, NewInstance(processor_id="text-expansion"))
    chosen = InstanceChange(settings={"model": model.id})
    assert (await service.processors.instances.change(ANA, instance.id, chosen)).settings == {"model": model.id}


async def test_the_model_of_the_installation_is_no_choice_of_its_own(service: Service) -> None:
    await request(service, ANA, model=SYSTEM_MODEL_ID)
    (work,) = await list_work(service.store)
    assert work.model is None


async def test_a_model_may_have_a_price_of_its_own(service: Service) -> None:
    plain = await add(service)
    assert (plain.input_price, plain.price_source) == (None, "unknown")
    change = ModelChange(input_price=2.5, output_price=10)
    changed = await service.processors.models.change(ANA, plain.id, change)
    assert (changed.input_price, changed.output_price, changed.price_source) == (2.5, 10, "own")
    listed = (await service.processors.models.list(ANA)).items
    assert [one.price_source for one in listed] == ["free", "own"]
    back = await service.processors.models.change(ANA, plain.id, ModelChange(input_price=None, output_price=None))
    assert back.price_source == "unknown"


async def test_a_price_has_two_parts(service: Service) -> None:
    with pytest.raises(Invalid, match="together"):
        await add(service, input_price=1.0)
    model = await add(service, input_price=1.0, output_price=2.0)
    with pytest.raises(Invalid, match="together"):
        await service.processors.models.change(ANA, model.id, ModelChange(output_price=None))


async def test_the_embedded_model_is_chosen_and_not_added(service: Service, ana: Caller) -> None:
    with pytest.raises(Invalid, match="choose it as model-system"):
        await service.processors.models.create(ana, NewModel(name="Mine", provider="embedded", model="small"))
