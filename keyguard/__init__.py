"""keyguard: local key hygiene for exchange API keys."""

__version__ = "0.1.0"
