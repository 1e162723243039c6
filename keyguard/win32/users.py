"""Users by their SIDs, as text: what a process runs as, who owns a pipe."""

from __future__ import annotations

import ctypes
from ctypes import byref, wintypes

from keyguard.win32.libraries import SidAndAttributes, advapi32, failure, kernel32, last_error

_TOKEN_QUERY = 0x0008
_TOKEN_USER = 1
_SE_KERNEL_OBJECT = 6
_OWNER_SECURITY_INFORMATION = 1
_NAME_LENGTH = 257  # UNLEN + 1


def own() -> str:
    """The SID of the user this process runs as."""
    return of_process(kernel32().GetCurrentProcess())


def of_process(process: int) -> str:
    """The SID of the user a process runs as, by its handle. OSError where that may not be seen."""
    token = wintypes.HANDLE()
    if not advapi32().OpenProcessToken(process, _TOKEN_QUERY, byref(token)):
        raise failure(last_error())
    try:
        size = wintypes.DWORD()
        advapi32().GetTokenInformation(token, _TOKEN_USER, None, 0, byref(size))
        told = ctypes.create_string_buffer(size.value)
        if not advapi32().GetTokenInformation(token, _TOKEN_USER, told, size, byref(size)):
            raise failure(last_error())
        return _text(SidAndAttributes.from_buffer(told).Sid)  # before `told` is freed: the SID is in it
    finally:
        kernel32().CloseHandle(token)


def owner(pipe: int) -> str:
    """The SID of the owner of a pipe, set by who made its first instance: no other user can set ours."""
    sid, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
    number = advapi32().GetSecurityInfo(
        *(pipe, _SE_KERNEL_OBJECT, _OWNER_SECURITY_INFORMATION),
        *(byref(sid), None, None, None, byref(descriptor)),
    )
    if number:
        raise failure(number)
    try:
        return _text(sid.value)
    finally:
        kernel32().LocalFree(descriptor)


def own_name() -> str:
    """The name of the user this process runs as."""
    size = wintypes.DWORD(_NAME_LENGTH)
    name = ctypes.create_unicode_buffer(_NAME_LENGTH)
    if not advapi32().GetUserNameW(name, byref(size)):
        raise failure(last_error())
    return name.value


def _text(sid: int | None) -> str:
    text = ctypes.c_void_p()
    if not advapi32().ConvertSidToStringSidW(sid, byref(text)):
        raise failure(last_error())
    try:
        return ctypes.wstring_at(text.value or 0)
    finally:
        kernel32().LocalFree(text)
