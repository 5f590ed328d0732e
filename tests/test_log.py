"""One log, in JSON for programs, that tells no secret and shows no content."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from reyna import log


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    log.configure("info", "auto", stream)
    yield stream
    log.configure("info", "console")


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_ours_and_the_libraries_write_the_same_way(written: io.StringIO) -> None:
    structlog.get_logger("reyna.state").info("bucket moved", bucket_id="bucket-1")
    logging.getLogger("uvicorn.error").info("started on %s", 8010)
    ours, theirs = lines(written)
    assert (ours["event"], ours["bucket_id"], ours["logger"]) == ("bucket moved", "bucket-1", "reyna.state")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("started on 8010", "uvicorn.error", "info")
    assert ours.keys() >= theirs.keys() >= {"timestamp"}


def test_neither_secrets_nor_content_are_written(written: io.StringIO) -> None:
    logger = structlog.get_logger("reyna")
    logger.warning("sent", token="geheim", blob={"id": "blob-1", "data": {"content": "geheim"}}, key="geheim")
    logger.warning("cannot reach postgresql://reyna:geheim@db/reyna", urls=["nats://reyna:geheim@bus"])
    logging.getLogger("nats").warning("lost nats://reyna:geheim@bus")
    assert len(lines(written)) == 3
    assert "geheim" not in written.getvalue()
    assert "blob-1" in written.getvalue()


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
