"""The parts of the settings that are no settings themselves."""
