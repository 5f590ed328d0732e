"""Costs of language models: amounts of money, the use of models and its price, and spending caps."""
