"""The languages of the style analyzer: their word lists, and the detection of the language of a text."""
