"""Verification of a bundle (KGA/1 §14.2), step by step, offline: bytes in, checks out."""
