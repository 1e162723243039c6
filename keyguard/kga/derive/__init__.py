"""The tables of an attestation (KGA/1 §9, §10): a pure function of the disclosed records and the period."""
