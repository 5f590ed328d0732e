"""The formats that can be imported: each reads an archive and says what it would become."""
