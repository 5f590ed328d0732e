"""The access of webhooks to the outside: the encryption of their secrets, and the client that posts to receivers."""

import os
from dataclasses import dataclass, field

from reyna.services.studio.webhooks.http_client import PostWebhook, WebhookClient, webhook_addresses
from reyna.services.studio.webhooks.signing import WebhookSecrets


def _new_secrets() -> WebhookSecrets:
    return WebhookSecrets(os.urandom(32))


def _public_client() -> PostWebhook:
    return WebhookClient(webhook_addresses(private=False))


@dataclass(frozen=True)
class WebhookAccess:
    """`secrets`: the encryption of secrets; by default they are lost with the process. `client`: the one that posts."""

    secrets: WebhookSecrets = field(default_factory=_new_secrets)
    client: PostWebhook = field(default_factory=_public_client)
