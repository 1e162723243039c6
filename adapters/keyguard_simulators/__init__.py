"""Simulated venues on loopback: stand-ins for Bybit, Upbit and Deribit in tests and in the demo.

They share no code with keyguard or its adapters, so that a misreading of a venue's rules shows as a
refusal here and not as two mistakes that agree.
"""
