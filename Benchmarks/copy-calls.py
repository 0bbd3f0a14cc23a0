#!/usr/bin/env python3
"""Copies a file of 1.6 GB by three kinds of system calls, in turns: processor and elapsed seconds.

    Benchmarks/copy-calls.py FOLDER
"""
import os
import sys
import time

BLOCK, COUNT = 64 << 20, 24


def read_and_write(source, target, offset, buffer=bytearray(4 << 20)):
    count = os.preadv(source, [buffer], offset)
    return os.write(target, memoryview(buffer)[:count])


CALLS = {
    "read and write": read_and_write,
    "copy_file_range": lambda source, target, offset: os.copy_file_range(
        source, target, min(BLOCK, BLOCK * COUNT - offset), offset),
    "sendfile": lambda source, target, offset: os.sendfile(
        target, source, offset, min(BLOCK, BLOCK * COUNT - offset)),
}


def main():
    source_path, target_path = (os.path.join(sys.argv[1], name) for name in ("source", "target"))
    try:
        with open(source_path, "wb") as file:
            block = os.urandom(BLOCK)
            for _ in range(COUNT):
                file.write(block)
        for _ in range(3):
            for name, call in CALLS.items():
                with open(source_path, "rb") as source, open(target_path, "wb") as target:
                    processor, elapsed, offset = time.process_time(), time.monotonic(), 0
                    while offset < BLOCK * COUNT:
                        offset += call(source.fileno(), target.fileno(), offset)
                    print(f"{name}: CPU {time.process_time() - processor:.2f} s, "
                          f"{time.monotonic() - elapsed:.2f} s", flush=True)
    finally:
        for path in (source_path, target_path):
            if os.path.exists(path):
                os.remove(path)


if __name__ == "__main__":
    main()
