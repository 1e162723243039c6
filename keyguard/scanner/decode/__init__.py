"""What stands inside a content in another form: packed, encoded, or split into cells and rows.

`recognise` tells by signature or name which reader a content needs, so that ordinary source pays for a
look at a few bytes. Each reader yields layers (`layers.py`): packed files, views, and problems. `walk`
follows them, within the limits of one budget per file on disk. Nothing is ever written to disk.
"""
