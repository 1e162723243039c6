"""Credentials on their way in: one file per format, all ending in `Candidate`s."""
