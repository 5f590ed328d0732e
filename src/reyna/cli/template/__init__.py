"""`reyna template <verb>`: templates from a terminal."""
