"""`reyna cost <verb>`: what language models cost, and the spending cap."""
