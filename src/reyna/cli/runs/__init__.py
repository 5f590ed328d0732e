"""`reyna run <verb>`: what runs sent to language models, and what they will cost."""
