"""The calls of Windows the daemon and its clients need, which the standard library does not have.

Written after Microsoft's documentation (learn.microsoft.com/windows/win32, read 2026-11-21), untested there.
Nothing of this is called on another system; failures are OSErrors as Windows numbers them.
"""
