"""One file per provider of payments, both directions in it. Their words stay in there."""
