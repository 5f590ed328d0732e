"""A client of the studio's REST API for commands."""

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import IO, Any, Final, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import msgspec

from reyna.cli.execution import exit_with_error
from reyna.domain.errors import Fault, refusal_from_problem
from reyna.domain.text.clusters import truncate

ANSWER_TIMEOUT_SECONDS: Final = 30.0
DOWNLOAD_BYTES: Final = 256 * 1024  # read at once
T = TypeVar("T")


class RestClient:
    """Sends requests on behalf of the user that the token belongs to."""

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            exit_with_error(f"{url} is not an address; it begins with http:// or https://.")
        if not token.isascii() or not token.isprintable():
            exit_with_error("The token is not one of a studio: it has other characters.")
        self._url, self._token = url.rstrip("/"), token

    def ask(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: bytes | IO[bytes] | None = None,
        *,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
        **headers: str,
    ) -> T:
        """Returns the answer, decoded as `kind`; blocks. `timeout` is seconds of silence.

        Raises Refusal as the studio does, and Fault.
        """
        try:
            return msgspec.json.decode(self._request(method, path, body, timeout, headers) or b"null", type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Fault(f"{self._url} answers, but not as this version of a studio does.") from error

    def download(self, path: str, write: Callable[[bytes], None], *, timeout: float = ANSWER_TIMEOUT_SECONDS) -> None:
        """Passes the answer on to `write` while it arrives; blocks. Raises as `ask` does, also when it breaks off."""
        self._request("GET", path, None, timeout, {}, write)

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | IO[bytes] | None,
        timeout: float,
        headers: Mapping[str, str],
        write: Callable[[bytes], None] | None = None,
    ) -> bytes:
        sent: dict[str, str] = {"authorization": f"Bearer {self._token}", "content-type": "application/json", **headers}
        try:
            request: Any = Request(f"{self._url}/api{path}", body, sent, method=method)  # noqa: S310
            with urlopen(request, timeout=timeout) as answer:  # noqa: S310 - http or https, above
                while write is not None and (chunk := answer.read(DOWNLOAD_BYTES)):
                    write(chunk)
                found: bytes = answer.read()
                return found
        except HTTPError as error:
            try:
                problem = msgspec.json.decode(error.read())
                refusal = refusal_from_problem({key: problem[key] for key in problem.keys() - {"type", "status"}})
            except (msgspec.MsgspecError, OSError, HTTPException, KeyError, AttributeError):
                raise Fault(f"{self._url} answered {error.code}.") from error
            raise refusal from error
        except URLError as error:
            raise Fault(f"{self._url} cannot be reached: {error.reason}") from error
        except OSError as error:
            raise Fault(f"The connection to {self._url} broke: {error}") from error
        except (HTTPException, ValueError) as error:
            raise Fault(f"{self._url} is not the address of a studio: {truncate(str(error), 200)!r}") from error


def local_url() -> str:
    """Returns the address of a studio on this machine."""
    from reyna.cli.startup import load_settings  # imports settings and log, which a given address does without

    return f"http://127.0.0.1:{load_settings().port}"
