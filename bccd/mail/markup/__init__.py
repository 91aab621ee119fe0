"""HTML of mail: one linear walk that gives its lines and what its mark-up knows of them."""
