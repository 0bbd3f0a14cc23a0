"""Where a run took place, and with what."""
import importlib.metadata
import os
import platform
import re
import subprocess
import sys

LIBRARIES = ["tiktoken", "gigatoken", "fastokens", "tokenizers", "rustbpe", "torch", "numpy"]


def output(*command):
    """What a command prints, or nil if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def processor_name():
    if sys.platform == "darwin":
        return output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def processor_count():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def description(bench):
    """`bench` is what the bench executable says of itself."""
    return {
        "processor": processor_name(),
        "processors": processor_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.platform(),
        "load_before": round(os.getloadavg()[0], 2),
        "openblas_core": bench["openblas_core"],
        "instruction_set": bench["instruction_set"],
        "bf16_instruction_set": bench["bf16_instruction_set"],
        "versions": {
            "swift": (output("swift", "--version") or "").split("\n")[0],
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in LIBRARIES},
        },
    }


def commit():
    """The commit, with a plus sign if the tree has changes; nil outside a repository."""
    here = os.path.dirname(os.path.abspath(__file__))
    head = output("git", "-C", here, "rev-parse", "--verify", "--quiet", "HEAD")
    changes = output("git", "-C", here, "status", "--porcelain")
    return head and head + ("+" if changes else "")
