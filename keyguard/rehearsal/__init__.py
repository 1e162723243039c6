"""A drill on stand-ins: simulated venues, keys named as a home's are, and none of its secrets."""
