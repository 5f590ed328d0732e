"""Subjects and the patterns that match them."""

import pytest

from reyna.ports.subjects import matches


@pytest.mark.parametrize(
    ("pattern", "subject", "falls_under"),
    [
        ("reyna.live.user-ana.>", "reyna.live.user-ana.blob.created", True),
        ("reyna.live.user-ana.>", "reyna.live.user-ana", False),
        ("reyna.live.user-ana.>", "reyna.live.user-anabel.blob.created", False),
        ("reyna.live.*.bucket.created", "reyna.live.user-bo.bucket.created", True),
        ("reyna.live.*", "reyna.live.user-bo.bucket", False),
        ("reyna.live.user-bo", "reyna.live.user-bo", True),
        ("reyna.live.user-bo.bucket", "reyna.live.user-bo", False),
        (">", "anything.at.all", True),
    ],
)
def test_a_pattern_matches_by_whole_tokens(pattern: str, subject: str, falls_under: bool) -> None:
    assert matches(pattern, subject) is falls_under
