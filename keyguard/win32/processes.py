"""Processes: when they started, what they run, whether they still run."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from ctypes import byref, wintypes

from keyguard.win32 import users
from keyguard.win32.libraries import WAIT_OBJECT_0, failure, kernel32, last_error

_SYNCHRONIZE = 0x0010_0000
_QUERY_LIMITED_INFORMATION = 0x1000
_LONGEST_PATH = 32_768


@contextlib.contextmanager
def opened(pid: int) -> Iterator[int]:
    """A handle of the process; while it is open the pid is given to no other. OSError where there is none."""
    process = kernel32().OpenProcess(_SYNCHRONIZE | _QUERY_LIMITED_INFORMATION, False, pid)
    if not process:
        raise failure(last_error())
    try:
        yield process
    finally:
        kernel32().CloseHandle(process)


def start_time(pid: int) -> str:
    """When a process that runs started, in 100 ns since 1601, as text; "" if it is gone."""
    try:
        with opened(pid) as process:
            return "" if ended(process) else started(process)
    except OSError:
        return ""


def started(process: int) -> str:
    """When a process started, in 100 ns since 1601, as text."""
    times = [wintypes.FILETIME() for _ in range(4)]
    if not kernel32().GetProcessTimes(process, *map(byref, times)):
        raise failure(last_error())
    return str(times[0].dwHighDateTime << 32 | times[0].dwLowDateTime)


def ended(process: int) -> bool:
    """Whether it has ended: its handle is signalled then."""
    return bool(kernel32().WaitForSingleObject(process, 0) == WAIT_OBJECT_0)


def executable(process: int) -> str:
    """The whole path of the program it runs; a process of Windows never runs another."""
    size = wintypes.DWORD(_LONGEST_PATH)
    path = ctypes.create_unicode_buffer(_LONGEST_PATH)
    if not kernel32().QueryFullProcessImageNameW(process, 0, path, byref(size)):
        raise failure(last_error())
    return path.value


def user(process: int) -> str:
    """The SID of the user it runs as."""
    return users.of_process(process)
