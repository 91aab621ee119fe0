"""The nouns: frozen values and enums, standard library only, shared by everything above."""
