"""`reyna model`: the model of the settings file."""

import tomllib

from reyna.cli.model import with_model


def test_a_model_is_written_into_the_settings_and_the_rest_stays() -> None:
    before = '# mine\nport = 9000\nllm_url = "https://old.example/v1"\nllm_model = "old"\n'
    after = with_model(before, "http://127.0.0.1:11434/v1", 'qwen"3')
    assert tomllib.loads(after) == {"port": 9000, "llm_url": "http://127.0.0.1:11434/v1", "llm_model": 'qwen"3'}
    assert "# mine" in after


def test_a_model_is_written_into_a_new_file() -> None:
    assert tomllib.loads(with_model("", "http://x/v1", "m")) == {"llm_url": "http://x/v1", "llm_model": "m"}
