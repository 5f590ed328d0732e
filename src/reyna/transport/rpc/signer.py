"""Signed caller tokens: they tell a service, across the bus, who is calling."""

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import ClockSkew, NotSignedIn

MIN_SECRET_BYTES: Final = 32  # as long as the digest of HS256 (RFC 7518, section 3.2)
REQUEST_TOKEN_SECONDS: Final = 60  # lifetime of a token that is signed for a request
TOKEN_REUSE_SECONDS: Final = 10  # in which further requests of the same caller carry the same token
MAX_CLOCK_SKEW_SECONDS: Final = 3600  # that the clock of the calling process may be behind
CLOCK_WARNING_INTERVAL_SECONDS: Final = 600.0
AUDIENCE: Final = "reyna.rpc"  # keeps other tokens that are signed with the same secret apart
MAX_CACHED_TOKENS: Final = 4096  # a worker sends the same token with every call of a run
ALGORITHM: Final = "HS256"
LOG: Final = logging.getLogger("reyna.transport.rpc")


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a token: the caller, and the seconds since the epoch between which it is valid."""

    aud: str
    iat: int
    exp: int
    caller: Caller


class TokenHeader(msgspec.Struct, frozen=True):
    """The header of a token, of which only the algorithm counts: there is one."""

    alg: str


HEADER_DECODER: Final = msgspec.json.Decoder(TokenHeader)
CLAIMS_DECODER: Final = msgspec.json.Decoder(Claims)


class Signer:
    """Signs callers as tokens (JWT with HS256: RFC 7519, RFC 7515) and verifies them.

    Every run has a token of its own. Written for this one algorithm, it takes a tenth of the time of a library for all.
    """

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError(f"The secret must be at least {MIN_SECRET_BYTES} bytes.")
        self._secret = secret
        self._clock = clock
        self._verified: dict[str, Claims] = {}
        self._signed: dict[Caller, tuple[int, str]] = {}  # the latest token of a caller, with its time
        self._warned_at = -CLOCK_WARNING_INTERVAL_SECONDS

    def sign(self, caller: Caller, seconds: int = REQUEST_TOKEN_SECONDS) -> str:
        """Returns a token for this caller that is valid for so many seconds.

        A token for a request is returned again for some seconds: signing one takes longer than most requests.
        """
        now = int(self._clock())
        if seconds != REQUEST_TOKEN_SECONDS:
            return self._encode(caller, now, seconds)
        signed_at, token = self._signed.get(caller, (now, ""))
        if not token or not 0 <= now - signed_at < TOKEN_REUSE_SECONDS:
            token = self._encode(caller, now, seconds)
            if len(self._signed) >= MAX_CACHED_TOKENS:
                self._signed.clear()
            self._signed[caller] = (now, token)
        return token

    def derive_key(self, purpose: str) -> bytes:
        """Returns 32 bytes that follow from the secret and the purpose, and from which neither can be computed."""
        return hmac.digest(self._secret, f"reyna key for {purpose}".encode(), hashlib.sha256)

    def verify(self, token: str) -> Caller:
        """Returns the caller that the token was signed for.

        A token from the future is valid: clocks are set back, and only we can have signed it. Raises NotSignedIn for a
        token that was not signed here or has expired, ClockSkew for a request signed by a clock that is far behind.
        """
        claims = self._verified.get(token) or self._decode(token)
        now = self._clock()
        if now > claims.exp + MAX_CLOCK_SKEW_SECONDS:
            if claims.exp - claims.iat > REQUEST_TOKEN_SECONDS:
                raise NotSignedIn("This token has expired.")
            raise ClockSkew(_clock_is_behind(claims.iat, now))
        if claims.iat > now + REQUEST_TOKEN_SECONDS:
            self._warn(claims.iat - now)
        return claims.caller

    def _warn(self, seconds: float) -> None:
        if time.monotonic() - self._warned_at >= CLOCK_WARNING_INTERVAL_SECONDS:
            self._warned_at = time.monotonic()
            LOG.warning(
                "A token was signed %.0f s in the future: our clock was set back, or the caller's clock is ahead. "
                "It is accepted; keep the clocks synchronized (NTP).",
                seconds,
            )

    def _encode(self, caller: Caller, now: int, seconds: int) -> str:
        claims = Claims(aud=AUDIENCE, iat=now, exp=now + seconds, caller=caller)
        content = f"{HEADER}.{_encode_part(msgspec.json.encode(claims))}"
        return f"{content}.{self._signature_of(content)}"

    def _signature_of(self, content: str) -> str:
        return _encode_part(hmac.digest(self._secret, content.encode(), hashlib.sha256))

    def _decode(self, token: str) -> Claims:
        content, _, signature = token.rpartition(".")
        try:
            if not hmac.compare_digest(self._signature_of(content).encode(), signature.encode()):
                raise NotSignedIn("This token was not signed here.")
            header, payload = content.split(".")
            if HEADER_DECODER.decode(_decode_part(header)).alg != ALGORITHM:
                raise NotSignedIn("This token was not signed here.")
            claims = CLAIMS_DECODER.decode(_decode_part(payload))
        except (msgspec.MsgspecError, ValueError) as error:
            raise NotSignedIn("This token was not signed here.") from error
        if claims.aud != AUDIENCE:
            raise NotSignedIn("This token is for another purpose.")
        if len(self._verified) >= MAX_CACHED_TOKENS:
            self._verified.clear()
        self._verified[token] = claims
        return claims


def _encode_part(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


HEADER: Final = _encode_part(msgspec.json.encode({"alg": ALGORITHM, "typ": "JWT"}))


def _decode_part(part: str) -> bytes:
    """Raises ValueError."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _clock_is_behind(signed_at: float, now: float) -> str:
    return (
        f"The caller's clock is {now - signed_at:,.0f} s behind the clock of the service: "
        f"{_format_time(signed_at)} against {_format_time(now)}. Set the wrong one (NTP)."
    )


def _format_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
