"""Protocols between workflows and the world; stores, gateway and tests' fakes fulfil them."""
