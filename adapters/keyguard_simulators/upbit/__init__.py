"""Upbit (Korea): pockets, JWT signatures; keys are made and deleted on the website only."""

from keyguard_simulators.upbit.venue import Upbit as VENUE

__all__ = ["VENUE"]
