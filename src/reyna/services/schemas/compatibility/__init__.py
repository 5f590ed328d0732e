"""The comparison of two versions of a schema: a proof by rules, a second engine and a search for counterexamples."""
