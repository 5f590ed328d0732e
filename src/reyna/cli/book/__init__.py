"""`reyna book <verb>`: books from a terminal."""
