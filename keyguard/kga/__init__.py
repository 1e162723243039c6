"""KGA/1, the form of the evidence: trees, seals, notes, statements. Pure: no I/O, no clock, no store."""
