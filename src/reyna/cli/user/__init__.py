"""`reyna user`: the accounts of a studio, for whoever runs it."""
