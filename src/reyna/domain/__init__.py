"""The nouns of the product as frozen structs, and pure rules on them; imports nothing else of ours."""
