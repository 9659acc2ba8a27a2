"""/api/v1: the same rows for merchants' programs, by key, as JSON. Every operation is declared with `operations`."""
