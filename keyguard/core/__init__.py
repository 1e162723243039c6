"""What keyguard knows, without doing anything: no I/O, clock, randomness or third-party import."""
