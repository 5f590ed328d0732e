"""`reyna schema <verb>`: schemas from a terminal, or from continuous integration."""
