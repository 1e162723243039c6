"""One migration per file; what was released is never edited."""
