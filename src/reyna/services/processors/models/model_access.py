"""The access of the processor service to models: those of the installation, and the keys of users."""

import os
from collections.abc import Collection
from dataclasses import dataclass, field

from reyna.language.prices import NoPrices
from reyna.ports.models import ModelSource
from reyna.ports.prices import PriceList
from reyna.services.processors.models.key_encryption import KeyEncryption
from reyna.services.processors.models.no_models import NoModels


def _new_encryption() -> KeyEncryption:
    return KeyEncryption(os.urandom(32))


@dataclass(frozen=True)
class ModelAccess:
    """`source`: the models of the installation. `encryption`: that of keys; by default they are lost with the process.

    `trusted`: the processors that ship with the studio, which alone may use the models of users.
    `prices`: the list of those that nobody has set.
    """

    source: ModelSource = field(default_factory=NoModels)
    encryption: KeyEncryption = field(default_factory=_new_encryption)
    trusted: Collection[str] = ()
    prices: PriceList = field(default_factory=NoPrices)
