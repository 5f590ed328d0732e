"""HTTP for every service: the application, authentication, problem responses, ETags, health and metrics."""

from reyna.transport.http.application import create_app
from reyna.transport.http.authentication import (
    RUN_TOKEN,
    SESSION_COOKIE,
    RunTokenVerifier,
    bearer_of,
    check_intended_user,
    check_origin,
    check_own_page,
    cookie_of,
    intended_user_id,
)
from reyna.transport.http.dependencies import CurrentCaller, Cursor, IdempotencyKeyHeader, JsonRequest, Limit
from reyna.transport.http.direct_routes import DIRECT
from reyna.transport.http.health import Check, Meter, OptionalCheck
from reyna.transport.http.preconditions import IfMatchHeader, parse_if_match
from reyna.transport.http.request_head import Head, read_head
from reyna.transport.http.static_files import static_files_route

__all__ = [
    "DIRECT",
    "RUN_TOKEN",
    "SESSION_COOKIE",
    "Check",
    "CurrentCaller",
    "Cursor",
    "Head",
    "IdempotencyKeyHeader",
    "IfMatchHeader",
    "JsonRequest",
    "Limit",
    "Meter",
    "OptionalCheck",
    "RunTokenVerifier",
    "bearer_of",
    "check_intended_user",
    "check_origin",
    "check_own_page",
    "cookie_of",
    "create_app",
    "intended_user_id",
    "parse_if_match",
    "read_head",
    "static_files_route",
]
