"""Where throwaway files go: into memory, where there is room. A commit there costs a hundredth of one on a disk;
what a killed process leaves is the same."""

import shutil
from pathlib import Path

ROOM = 1 << 30


def roomy() -> Path | None:
    """None: there is none, or not enough; take the usual place."""
    memory = Path("/dev/shm")
    return memory if memory.is_mount() and shutil.disk_usage(memory).free > ROOM else None
