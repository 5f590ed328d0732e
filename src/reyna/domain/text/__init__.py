"""Unicode text: words, grapheme clusters, names, and folding for comparison."""
