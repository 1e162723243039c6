"""Looks for inputs that break the scanner: `make fuzz` (FUZZ_SECONDS=600). No part of the suite or of CI.

A case is made from nothing but its name (`archives:20261121:42`), so the name is all that is needed to run
it again: `python -m tests.fuzz --case NAME`.
"""
