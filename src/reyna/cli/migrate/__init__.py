"""`reyna migrate <verb>`: imports content from other systems, over REST or over the bus."""
