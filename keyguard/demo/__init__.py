"""The main job on simulated venues, told step by step. Everything but the venues is real."""
