"""What all peers measure the same way: time, processor time, peak memory, and hashes of results."""
import hashlib
import resource
import sys
import time


class Stopwatch:
    """Starts when it is made."""

    def __init__(self):
        self.started = time.perf_counter(), time.process_time()

    def read(self):
        return {
            "seconds": time.perf_counter() - self.started[0],
            "cpu_seconds": time.process_time() - self.started[1],
        }


def peak_bytes():
    """The most memory that this process held at once.

    On Linux from the memory map itself: `getrusage` also counts what the parent held at the fork.
    """
    if sys.platform == "linux":
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def hash_of_lines(lines):
    """SHA-256 over lines that are joined by newlines, none at the end."""
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()
