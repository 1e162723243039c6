"""What keeps secrets in the daemon's memory and out of everything else."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import logging
import logging.handlers
import os
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

from keyguard import dumps
from keyguard.daemon.connection import where

_LOG = logging.getLogger(__name__)
_LOG_BYTES = 1024 * 1024
_LOGS = 3
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


def harden() -> None:
    """No core dumps, no debugger of the same user, files for their owner only, no values in tracebacks."""
    dumps.forbid()
    os.umask(0o077)
    faulthandler.disable()
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _LOG.error(
        "in a thread: %s", where(args.exc_value) if args.exc_value else ""
    )
    for best_effort in (_stay_out_of_swap, _raise_file_limit):
        # A sandbox may forbid it, and then sets it itself; Windows has no such limits.
        with contextlib.suppress(OSError, ValueError, ImportError):
            best_effort()


def log_to(path: Path) -> None:
    """Note what happens in a file of the home, 0600 by the umask; nothing that was asked for or given."""
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=_LOG_BYTES, backupCount=_LOGS, encoding="utf-8"
    )
    form = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler.setFormatter(form)
    logger = logging.getLogger("keyguard")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    logging.raiseExceptions = False  # a full disk must not make logging print tracebacks


def _uncaught(_type: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    _LOG.critical("ended by an error: %s", where(error))


def _stay_out_of_swap() -> None:
    """Best effort: only where no limit could turn it into failing allocations."""
    import resource  # noqa: PLC0415 - not on Windows

    if sys.platform != "linux" or resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] != resource.RLIM_INFINITY:
        return
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)


def _raise_file_limit() -> None:
    """Each connection takes a handle and each process another."""
    import resource  # noqa: PLC0415 - not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
