"""The connection to MongoDB, and the translation of its errors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from bson.errors import BSONError
from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidURI,
    NetworkTimeout,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from reyna.adapters.mongo.documents import Document, DocumentMapping
from reyna.adapters.mongo.transaction import WriteConflict
from reyna.domain.errors import CannotStart, Fault, TimedOut, Unavailable, WrongSetting
from reyna.domain.text.redaction import redact_passwords
from reyna.ports.store import Collection

DEFAULT_DATABASE: Final = "reyna"
ANSWER_TIMEOUT_SECONDS: Final = 30.0
TOO_LARGE: Final = frozenset({10334, 17419, 17420})  # a document of more than 16 MB, at an insert or a change
# For what the URL leaves out.
OPTIONS: Final[Mapping[str, Any]] = {
    "appName": "reyna",
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": int(ANSWER_TIMEOUT_SECONDS * 1000),
}
# An acknowledged write is on the disks of most members, and what was read is never rolled back.
DURABLE: Final = WriteConcern(w="majority", j=True)
MAJORITY: Final = ReadConcern("majority")
STANDALONE: Final = (
    "REYNA_STATE_URL: the MongoDB there runs alone, and only a replica set (of one member, if you like) has "
    "transactions: start it with --replSet NAME, run rs.initiate() once, and set mongodb://…/reyna?replicaSet=NAME"
)


async def open_mongo(url: str) -> AsyncDatabase[Document]:
    """Returns the database that `mongodb://user:password@host,host/database?replicaSet=name` names.

    `.client.close()` closes the connection. Raises CannotStart when the URL is malformed or names a server without
    transactions, Fault when nobody answers.
    """
    try:
        client: AsyncMongoClient[Document] = AsyncMongoClient(
            url, **{name: value for name, value in OPTIONS.items() if f"{name}=".lower() not in url.lower()}
        )
    except (ConfigurationError, InvalidURI, ValueError) as error:
        raise WrongSetting("REYNA_STATE_URL", redact_passwords(str(error))) from None
    try:
        with translate_errors():
            hello = await client.admin.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise CannotStart(STANDALONE)
    except BaseException:
        await client.close()
        raise
    return client.get_default_database(
        DEFAULT_DATABASE, read_preference=ReadPreference.PRIMARY, write_concern=DURABLE, read_concern=MAJORITY
    )


def sharding_commands(database: str, collections: Sequence[Collection[Any]]) -> list[str]:
    """Returns the lines for mongosh that shard these collections by user; the outbox stays on one shard."""
    names = [DocumentMapping(collection).name for collection in collections]
    names += sorted({f"{collection.name.partition('.')[0]}_sums" for collection in collections})
    return [
        f'sh.enableSharding("{database}")',
        *(f'sh.shardCollection("{database}.{name}", {{ user_id: 1, _id: 1 }})' for name in names),
    ]


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raises Fault for what goes wrong in MongoDB, and ValueError for what it cannot store."""
    try:
        yield
    except (NetworkTimeout, ExecutionTimeout, WTimeoutError) as error:
        raise TimedOut("MongoDB did not answer in time.") from error
    except ConnectionFailure as error:
        raise Unavailable(f"MongoDB cannot be reached: {str(error).partition(', Timeout:')[0]}") from error
    except BulkWriteError as error:  # it quotes what the user wrote, which must not get into a log
        code, message = _first_problem(error)
        if code in TOO_LARGE:
            raise ValueError(f"MongoDB cannot hold this: {message}") from None
        raise Fault(f"MongoDB did not do this: {message} (code {code})") from None
    except PyMongoError as error:
        raise Fault(f"MongoDB did not do this: {str(error).partition(', full error:')[0]}") from error
    except BSONError as error:
        raise ValueError(f"MongoDB cannot hold this: {error}") from error
    except WriteConflict as error:
        raise TimedOut("MongoDB was too busy with the same record.") from error


def _first_problem(error: BulkWriteError) -> tuple[int | None, str | None]:
    """Returns its code and text."""
    problems = [*error.details["writeErrors"], *error.details["writeConcernErrors"], {}]
    return problems[0].get("code"), problems[0].get("errmsg")
