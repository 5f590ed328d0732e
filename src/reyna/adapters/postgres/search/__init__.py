"""The SearchIndex port on PostgreSQL: full text in one GIN index whose lexemes begin with a tag of their user."""
