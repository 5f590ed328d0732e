"""One log, in JSON for programs, that tells no secret and shows no content."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from reyna.app import log


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    log.configure("info", "auto", stream)
    yield stream
    log.configure("info", "console")


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_ours_and_the_libraries_write_the_same_way(written: io.StringIO) -> None:
    structlog.get_logger("reyna.services.state").info("bucket moved", bucket_id="bucket-1")
    logging.getLogger("uvicorn.error").warning("started on %s", 8010)
    ours, theirs = lines(written)
    assert (ours["event"], ours["bucket_id"], ours["logger"]) == ("bucket moved", "bucket-1", "reyna.services.state")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("started on 8010", "uvicorn.error", "warning")
    assert ours.keys() >= theirs.keys() >= {"timestamp"}


def test_neither_secrets_nor_content_are_written(written: io.StringIO) -> None:
    logger = structlog.get_logger("reyna")
    logger.warning("sent", token="geheim", blob={"id": "blob-1", "data": {"content": "geheim"}}, key="geheim")
    logger.warning("cannot reach postgresql://reyna:geheim@db/reyna", urls=["nats://reyna:geheim@bus"])
    logging.getLogger("nats").warning("lost nats://reyna:geheim@bus")
    assert len(lines(written)) == 3
    assert "geheim" not in written.getvalue()
    assert "blob-1" in written.getvalue()


def test_where_several_processes_serve_one_port_each_line_carries_the_number_of_its_own() -> None:
    stream = io.StringIO()
    log.configure("info", "json", stream, worker=2)
    try:
        structlog.get_logger("reyna").info("said")
        logging.getLogger("nats").warning("lost")
    finally:
        log.configure("info", "console")
    assert [line["worker"] for line in lines(stream)] == [2, 2]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_trace_shows_no_values_and_no_password(form: Any) -> None:
    stream = io.StringIO()
    log.configure("info", form, stream)
    try:
        content = "geheim"
        raise ConnectionError(f"no answer from postgresql://reyna:{content}@db")
    except ConnectionError:
        structlog.get_logger("reyna").exception("broke")
    finally:
        log.configure("info", "console")
    assert "ConnectionError" in stream.getvalue()
    assert "geheim" not in stream.getvalue()


def test_less_important_lines_are_left_out(written: io.StringIO) -> None:
    structlog.get_logger("reyna").debug("said")
    logging.getLogger("httpx").info("HTTP Request")
    assert written.getvalue() == ""


def test_a_level_that_a_library_was_given_before_does_not_last(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    log.configure("info", "auto", written)
    logging.getLogger("uvicorn.error").warning("started")
    assert [line["event"] for line in lines(written)] == ["started"]
