"""`reyna processor`: the settings of a processor by name."""

from reyna.cli.processor import setting_names
from reyna.library.text_expansion.processor import text_expansion


def test_the_settings_of_a_processor_are_named() -> None:
    schema = text_expansion.registration.settings_schema
    assert schema is not None
    assert len(setting_names(schema)) > 1
    assert setting_names({"properties": {"loud": {}}}) == ["loud"]
    assert setting_names(None) == []
