text-only = Ich kann nur Text lesen. Bitte schreib mir, worum es geht.
