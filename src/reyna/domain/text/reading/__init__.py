"""Reading: syllables, and the readability formulas that count them."""
