"""`reyna pipeline <verb>`: chains of processors from a terminal."""
