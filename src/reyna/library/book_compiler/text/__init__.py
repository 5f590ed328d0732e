"""The texts of a book: their Markdown, and the blocks and inline content that it stands for."""
