"""Words that clients, lists and lawyers put around what a person wrote."""
