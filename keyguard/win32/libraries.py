"""kernel32 and advapi32 with the types of what is called there: without them a handle is cut to 32 bits."""

from __future__ import annotations

import ctypes
import errno
import sys
from ctypes import POINTER, wintypes
from functools import cache
from typing import Any

BROKEN_PIPE, PIPE_BUSY, NO_DATA, NOT_CONNECTED = 109, 231, 232, 233
OPERATION_ABORTED, IO_PENDING = 995, 997
WAIT_OBJECT_0, WAIT_TIMEOUT = 0, 258
INVALID_HANDLE = ctypes.c_void_p(-1).value


class Overlapped(ctypes.Structure):
    """OVERLAPPED; of its union only the offsets, which pipes do not use."""

    _fields_ = (
        ("Internal", ctypes.c_size_t),
        ("InternalHigh", ctypes.c_size_t),
        ("Offset", wintypes.DWORD),
        ("OffsetHigh", wintypes.DWORD),
        ("hEvent", wintypes.HANDLE),
    )


class SecurityAttributes(ctypes.Structure):
    """SECURITY_ATTRIBUTES."""

    _fields_ = (
        ("nLength", wintypes.DWORD),
        ("lpSecurityDescriptor", ctypes.c_void_p),
        ("bInheritHandle", wintypes.BOOL),
    )


class SidAndAttributes(ctypes.Structure):
    """SID_AND_ATTRIBUTES, which is all of TOKEN_USER."""

    _fields_ = (("Sid", ctypes.c_void_p), ("Attributes", wintypes.DWORD))


_HANDLE, _DWORD, _BOOL, _TEXT, _POINTER = (
    *(wintypes.HANDLE, wintypes.DWORD, wintypes.BOOL, wintypes.LPCWSTR, ctypes.c_void_p),
)
_COUNT, _OVERLAPPED, _TIME = POINTER(_DWORD), POINTER(Overlapped), POINTER(wintypes.FILETIME)

_KERNEL32: dict[str, tuple[Any, ...]] = {  # what it returns, then its arguments
    "CancelIoEx": (_BOOL, _HANDLE, _OVERLAPPED),
    "CloseHandle": (_BOOL, _HANDLE),
    "CreateEventW": (_HANDLE, _POINTER, _BOOL, _BOOL, _TEXT),
    "CreateFileW": (_HANDLE, _TEXT, _DWORD, _DWORD, _POINTER, _DWORD, _DWORD, _HANDLE),
    "CreateNamedPipeW": (
        *(_HANDLE, _TEXT, _DWORD, _DWORD, _DWORD, _DWORD, _DWORD, _DWORD),
        POINTER(SecurityAttributes),
    ),
    "GetCurrentProcess": (_HANDLE,),
    "GetNamedPipeClientProcessId": (_BOOL, _HANDLE, _COUNT),
    "GetOverlappedResult": (_BOOL, _HANDLE, _OVERLAPPED, _COUNT, _BOOL),
    "GetProcessTimes": (_BOOL, _HANDLE, _TIME, _TIME, _TIME, _TIME),
    "LocalFree": (_POINTER, _POINTER),
    "OpenProcess": (_HANDLE, _DWORD, _BOOL, _DWORD),
    "QueryFullProcessImageNameW": (_BOOL, _HANDLE, _DWORD, wintypes.LPWSTR, _COUNT),
    "ReadFile": (_BOOL, _HANDLE, _POINTER, _DWORD, _COUNT, _OVERLAPPED),
    "WaitForSingleObject": (_DWORD, _HANDLE, _DWORD),
    "WaitNamedPipeW": (_BOOL, _TEXT, _DWORD),
    "WriteFile": (_BOOL, _HANDLE, _POINTER, _DWORD, _COUNT, _OVERLAPPED),
}
_ADVAPI32: dict[str, tuple[Any, ...]] = {
    "ConvertSidToStringSidW": (_BOOL, _POINTER, POINTER(_POINTER)),
    "ConvertStringSecurityDescriptorToSecurityDescriptorW": (
        *(_BOOL, _TEXT, _DWORD, POINTER(_POINTER)),
        _COUNT,
    ),
    "GetSecurityInfo": (
        *(_DWORD, _HANDLE, ctypes.c_int, _DWORD, POINTER(_POINTER)),
        *(_POINTER, _POINTER, _POINTER, POINTER(_POINTER)),
    ),
    "GetTokenInformation": (_BOOL, _HANDLE, ctypes.c_int, _POINTER, _DWORD, _COUNT),
    "GetUserNameW": (_BOOL, wintypes.LPWSTR, _COUNT),
    "OpenProcessToken": (_BOOL, _HANDLE, _DWORD, POINTER(_HANDLE)),
}


@cache
def kernel32() -> Any:
    """Processes, pipes, waiting."""
    return _typed("kernel32", _KERNEL32)


@cache
def advapi32() -> Any:
    """Users and who may do what."""
    return _typed("advapi32", _ADVAPI32)


def last_error() -> int:
    """The number the last call that failed has left."""
    if sys.platform == "win32":
        return ctypes.get_last_error()
    raise NotImplementedError("only on Windows")


def failure(number: int) -> OSError:
    """The error of this number, of the class Python has for it (FileNotFoundError, PermissionError …)."""
    if number in (BROKEN_PIPE, NO_DATA, NOT_CONNECTED):
        return BrokenPipeError(errno.EPIPE, "the pipe has no other end any more")
    if sys.platform == "win32":
        return ctypes.WinError(number)
    raise NotImplementedError("only on Windows")


def _typed(name: str, functions: dict[str, tuple[Any, ...]]) -> Any:
    if sys.platform == "win32":
        library = ctypes.WinDLL(name, use_last_error=True)
        for function, (result, *arguments) in functions.items():
            found = getattr(library, function)
            found.restype, found.argtypes = result, arguments
        return library
    raise NotImplementedError("only on Windows")
