"""The terminal UI: one screen a file under `screens/`, one widget a file under `widgets/`.

`source.py` alone reads, `words/` alone holds texts, `navigation.py` alone knows which screens there are.
"""
