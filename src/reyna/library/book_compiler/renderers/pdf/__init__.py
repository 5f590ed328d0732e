"""PDF, typeset by Typst: the template reads the book as data, so that no text of a user is ever code."""
