"""The estimate of tokens: roughly right for every writing system."""

import pytest

from reyna.domain.text.tokens import estimate_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a", 1),
        ("The old keeper climbed the winding stairs.", 11),  # 9 in the vocabulary of GPT-4
        ("Старый смотритель поднялся по лестнице.", 17),  # 17
        ("老守护者爬上了盘旋的楼梯。", 12),  # 15
        ("🙂🙂", 4),
    ],
)
def test_a_text_has_about_so_many_tokens(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens
