"""Upbit (Korea): pockets, JWT signatures; keys are made and deleted on the website only."""
