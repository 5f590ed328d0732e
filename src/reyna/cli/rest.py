"""The studio's REST door, as a command asks it."""

from collections.abc import Mapping
from http.client import HTTPException
from typing import IO, Any, Final, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import msgspec

from reyna.cli.starting import end
from reyna.domain.errors import Fault, revived

PATIENCE: Final = 30.0  # seconds for one answer
T = TypeVar("T")


class Door:
    """Asks as whoever the token stands for."""

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            end(f"{url} is not an address; it begins with http:// or https://.")
        if not token.isascii() or not token.isprintable():
            end("The token is none that a studio gave: it has other characters than those.")
        self._url, self._token = url.rstrip("/"), token

    def ask(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: bytes | IO[bytes] | None = None,
        *,
        patience: float = PATIENCE,
        **headers: str,
    ) -> T:
        """The answer, read as `kind`; blocks. `patience` is seconds of silence.

        Raises Refusal as the studio does, and Fault.
        """
        try:
            return msgspec.json.decode(self._answered(method, path, body, patience, headers), type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Fault(f"{self._url} answers, but not as this version of a studio does.") from error

    def _answered(
        self, method: str, path: str, body: bytes | IO[bytes] | None, patience: float, headers: Mapping[str, str]
    ) -> bytes:
        sent: dict[str, str] = {"authorization": f"Bearer {self._token}", "content-type": "application/json", **headers}
        try:
            asking: Any = Request(f"{self._url}/api{path}", body, sent, method=method)  # noqa: S310
            with urlopen(asking, timeout=patience) as answer:  # noqa: S310 - http or https, above
                found: bytes = answer.read()
                return found
        except HTTPError as error:
            try:
                problem = msgspec.json.decode(error.read())
                refusal = revived({key: problem[key] for key in problem.keys() - {"type", "status"}})
            except (msgspec.MsgspecError, OSError, HTTPException, KeyError, AttributeError):
                raise Fault(f"{self._url} answered {error.code}.") from error
            raise refusal from error
        except URLError as error:
            raise Fault(f"{self._url} cannot be reached: {error.reason}") from error
        except OSError as error:
            raise Fault(f"The line to {self._url} broke: {error}") from error
        except (HTTPException, ValueError) as error:
            raise Fault(f"{self._url} is not the address of a studio: {str(error)[:200]!r}") from error
