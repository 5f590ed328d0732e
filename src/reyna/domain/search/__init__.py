"""Search: words of texts, queries, misspelt words, and snippets, as pure functions."""
