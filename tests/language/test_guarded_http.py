"""The addresses that a URL of a user may lead to."""

import pytest

from reyna.adapters.openai.language import OpenAILanguage
from reyna.domain.errors import Invalid
from reyna.language.guarded_http import AddressRule, ForbiddenAddress
from tests.language.stand_in import PROMPT
from tests.support.language_endpoint import Endpoint, says, whole

NEVER = [
    "169.254.169.254",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "0.0.0.0",  # noqa: S104 - never bound
    "::",
    "224.0.0.1",
]
PRIVATE = ["127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1"]


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("private", [True, False])
def test_no_model_has_an_address_of_the_link_or_of_a_cloud_s_metadata(address: str, private: bool) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressRule(private=private).check(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_allowed_where_the_installation_says_so(address: str) -> None:
    AddressRule(private=True).check(address)
    with pytest.raises(ForbiddenAddress, match="REYNA_PRIVATE_MODELS"):
        AddressRule(private=False).check(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_allowed(address: str) -> None:
    AddressRule().check(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_a_request_to_a_private_address_is_not_sent_however_it_is_written(host: str) -> None:
    endpoint = Endpoint()
    await endpoint.start()
    endpoint.answers = [whole("Yes.")]
    language = OpenAILanguage(endpoint.url.replace("127.0.0.1", host), "key", "m", addresses=AddressRule())
    with pytest.raises(Invalid, match="private network"):
        await language.complete(PROMPT)
    assert endpoint.requests == []
    await language.close()
    await endpoint.stop()


async def test_an_allowed_request_arrives_and_its_redirect_is_not_followed() -> None:
    endpoint = Endpoint()
    await endpoint.start()
    endpoint.answers = [whole("Yes."), says(302, {}, Location="http://169.254.169.254/latest/meta-data")]
    language = OpenAILanguage(endpoint.url, "key", "m", addresses=AddressRule(private=True))
    assert (await language.complete(PROMPT)).text == "Yes."
    with pytest.raises(Invalid, match="redirect"):
        await language.complete(PROMPT)
    await language.close()
    await endpoint.stop()
