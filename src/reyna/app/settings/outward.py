"""The settings of what leaves the installation: backups and webhooks."""

from typing import Annotated, Literal

from msgspec import Meta

from reyna.app.settings.descriptions import describe
from reyna.app.settings.value_types import FilesUrl

BackupUrl = Annotated[
    FilesUrl | None, describe("Where backups go: a folder as file:///…, or an object store.", secret=True, shown="none")
]
BackupPassphraseFile = Annotated[
    str | None, describe("File whose first line is the passphrase that encrypts backups.", shown="none")
]
BackupAt = Annotated[
    Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", title="a time of day such as 03:30")] | None,
    describe("Time of day (UTC) at which the studio backs itself up; needs the two settings above.", shown="never"),
]
BackupKeep = Annotated[
    str | None,
    describe("Backups that stay: a number, or the latest of so many days, weeks, months and years.", shown="all"),
]
WebhookPrivate = Annotated[
    Annotated[Literal["allowed", "refused"], Meta(title="allowed or refused")],
    describe("Webhooks may lead to addresses of private networks, which the studio then calls."),
]
