"""The studio's REST door, as a command asks it."""

from typing import IO, Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import msgspec

from reyna.cli.starting import end
from reyna.domain.errors import Fault, revived

PATIENCE: Final = 30.0  # seconds for one answer


class Door:
    """Asks as whoever the token stands for."""

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            end(f"{url} is not an address; it begins with http:// or https://.")
        self._url, self._token = url.rstrip("/"), token

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | IO[bytes] | None = None,
        *,
        patience: float = PATIENCE,
        **headers: str,
    ) -> bytes:
        """The answer's body; blocks. Raises Refusal as the studio does, and Fault. `patience` is seconds of silence."""
        sent: dict[str, str] = {"authorization": f"Bearer {self._token}", "content-type": "application/json"} | headers
        asking: Any = Request(f"{self._url}/api{path}", body, sent, method=method)  # noqa: S310
        try:
            with urlopen(asking, timeout=patience) as answer:  # noqa: S310 - http or https, above
                found: bytes = answer.read()
                return found
        except HTTPError as error:
            try:
                problem = msgspec.json.decode(error.read())
                refusal = revived({key: problem[key] for key in problem.keys() - {"type", "status"}})
            except (msgspec.MsgspecError, KeyError, AttributeError):
                raise Fault(f"{self._url} answered {error.code}.") from error
            raise refusal from error
        except URLError as error:
            raise Fault(f"{self._url} cannot be reached: {error.reason}") from error
        except OSError as error:
            raise Fault(f"The line to {self._url} broke: {error}") from error
