"""Import of content from legacy systems."""
