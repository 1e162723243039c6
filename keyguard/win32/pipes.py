"""Named pipes: instances for a server, a connection for a client. Handles are numbers, times are seconds."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, wintypes
from time import monotonic
from typing import Any

from keyguard.win32 import libraries
from keyguard.win32.libraries import (
    INVALID_HANDLE,
    Overlapped,
    SecurityAttributes,
    advapi32,
    failure,
    kernel32,
    last_error,
)

BUFFER_BYTES = 64 * 1024

_ACCESS_DUPLEX = 0x0000_0003
_FIRST_INSTANCE = 0x0008_0000
_OVERLAPPED = 0x4000_0000
_BYTES_AND_WAIT = 0
_REJECT_REMOTE_CLIENTS = 0x0000_0008
_UNLIMITED_INSTANCES = 255
_DEFAULT_WAIT = 0

_READ_AND_WRITE = 0xC000_0000  # GENERIC_READ | GENERIC_WRITE
_OPEN_EXISTING = 3
_SQOS_PRESENT = 0x0010_0000
_IDENTIFICATION = 0x0001_0000
_SDDL_REVISION_1 = 1
_LOOK_S = 0.25
"""Python sees Ctrl-C between two calls only: no wait is longer."""


def create(name: str, sddl: str, *, first: bool) -> int:
    """An instance nobody is connected to; local clients only, and only those `sddl` lets in.

    `first`: PermissionError where somebody has made a pipe of this name already.
    """
    descriptor = ctypes.c_void_p()
    convert = advapi32().ConvertStringSecurityDescriptorToSecurityDescriptorW
    if not convert(sddl, _SDDL_REVISION_1, byref(descriptor), None):
        raise failure(last_error())
    try:
        security = SecurityAttributes(ctypes.sizeof(SecurityAttributes), descriptor, False)
        pipe = kernel32().CreateNamedPipeW(
            name,
            _ACCESS_DUPLEX | _OVERLAPPED | (_FIRST_INSTANCE if first else 0),
            _BYTES_AND_WAIT | _REJECT_REMOTE_CLIENTS,
            *(_UNLIMITED_INSTANCES, BUFFER_BYTES, BUFFER_BYTES, _DEFAULT_WAIT),
            byref(security),
        )
        if pipe == INVALID_HANDLE:
            raise failure(last_error())
        return int(pipe)
    finally:
        kernel32().LocalFree(descriptor)


def client_pid(pipe: int) -> int:
    """The process that opened the other end of this instance."""
    pid = wintypes.DWORD()
    if not kernel32().GetNamedPipeClientProcessId(pipe, byref(pid)):
        raise failure(last_error())
    return pid.value


def connect(name: str, timeout: float) -> int:
    """A connection; whoever listens may learn who we are but not act as us (SECURITY_IDENTIFICATION).

    FileNotFoundError where there is no such pipe, TimeoutError where all its instances stay taken.
    """
    until = monotonic() + timeout
    while True:
        pipe = kernel32().CreateFileW(
            *(name, _READ_AND_WRITE, 0, None, _OPEN_EXISTING),
            *(_OVERLAPPED | _SQOS_PRESENT | _IDENTIFICATION, None),
        )
        if pipe != INVALID_HANDLE:
            return int(pipe)
        if (number := last_error()) != libraries.PIPE_BUSY:
            raise failure(number)
        if monotonic() >= until:
            raise TimeoutError(f"all instances of {name} are taken")
        kernel32().WaitNamedPipeW(name, int(_LOOK_S * 1000))  # how it ends, the next turn finds out


def read(pipe: int, size: int, timeout: float | None) -> bytes:
    """What is there, at most `size` bytes; b"" at the end. TimeoutError where nothing comes."""
    buffer = ctypes.create_string_buffer(size)
    try:
        count = _done(pipe, lambda how: kernel32().ReadFile(pipe, buffer, size, None, how), timeout)
    except BrokenPipeError:
        return b""
    return buffer.raw[:count]


def write(pipe: int, data: bytes, timeout: float | None) -> int:
    """Write and say how many bytes went. BrokenPipeError at the end, TimeoutError where nobody reads."""
    return _done(pipe, lambda how: kernel32().WriteFile(pipe, data, len(data), None, how), timeout)


def close(handle: int) -> None:
    """Let go of a pipe. What was written can still be read at its other end."""
    kernel32().CloseHandle(handle)


def _done(pipe: int, begin: Callable[[Any], int], timeout: float | None) -> int:
    """Begin something and wait for its end; after it Windows uses its memory no longer."""
    event = kernel32().CreateEventW(None, True, False, None)
    if not event:
        raise failure(last_error())
    try:
        under_way = Overlapped(hEvent=event)
        if not begin(byref(under_way)) and (number := last_error()) != libraries.IO_PENDING:
            raise failure(number)
        try:
            in_time = _wait(event, timeout)
        except BaseException:  # Ctrl-C
            _cancelled(pipe, under_way)
            raise
        return _result(pipe, under_way) if in_time else _cancelled(pipe, under_way)
    finally:
        kernel32().CloseHandle(event)


def _wait(event: int, timeout: float | None) -> bool:
    until = None if timeout is None else monotonic() + timeout
    while True:
        left = _LOOK_S if until is None else min(_LOOK_S, max(0.0, until - monotonic()))
        if kernel32().WaitForSingleObject(event, int(left * 1000)) == libraries.WAIT_OBJECT_0:
            return True
        if until is not None and monotonic() >= until:
            return False


def _cancelled(pipe: int, under_way: Overlapped) -> int:
    """Cancel it; it may have ended a moment before, and then counts."""
    kernel32().CancelIoEx(pipe, byref(under_way))
    try:
        return _result(pipe, under_way)
    except OSError as error:
        if getattr(error, "winerror", None) == libraries.OPERATION_ABORTED:
            raise TimeoutError("the other end of the pipe is silent") from None
        raise


def _result(pipe: int, under_way: Overlapped) -> int:
    count = wintypes.DWORD()
    if not kernel32().GetOverlappedResult(pipe, byref(under_way), byref(count), True):
        raise failure(last_error())
    return count.value
