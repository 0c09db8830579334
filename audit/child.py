"""The few environment variables that a child process gets: nothing secret, one thread, one hash seed, one time zone."""

from __future__ import annotations

import os


def child_environment() -> dict[str, str]:
    """Return the environment of a child, equal between two runs but for where programs and libraries lie."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**kept, **_FIXED}


_INHERITED = (
    "PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR",
    "TEMP", "TMP", "NUMBA_CACHE_DIR",
)  # fmt: skip
# One thread: sums of floats depend on how many threads share them.
_FIXED = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "1", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONFAULTHANDLER": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "MPLBACKEND": "agg",
    "TQDM_DISABLE": "1",
}  # fmt: skip
