"""How much memory a process has used."""

import subprocess
from pathlib import Path

_PROC = Path("/proc/self/status").exists()


def peak_memory(pid: int) -> int:
    """The most bytes it ever had in real memory (on macOS: has now, for nothing tells the most); 0 if it is gone."""
    return _recorded(pid) if _PROC else _present(pid)


def _recorded(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


def _present(pid: int) -> int:
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return int(shown.strip() or 0) * 1024
