#!/usr/bin/env python3
"""Prints the hashes in RoundingTests.swift: what PyTorch does when it rounds to 16 bits and back.

Made with torch 2.15.0 and numpy. From f32: all upper halves of a binary32 with lower halves around
zero, one half and one; to f32: all 65,536 patterns. What is not a number is left out.
"""

import hashlib

import numpy
import torch

upper = numpy.arange(65536, dtype=numpy.uint32)
for name, dtype in (("BF16", torch.bfloat16), ("F16", torch.float16)):
    digest = hashlib.sha256()
    for lower in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        floats = ((upper << 16) | lower).view(numpy.float32)
        floats = floats[~numpy.isnan(floats)].copy()
        digest.update(torch.from_numpy(floats).to(dtype).view(torch.uint16).numpy().tobytes())
    print(name, "from F32", digest.hexdigest())
    patterns = torch.from_numpy(numpy.arange(65536, dtype=numpy.uint16)).view(dtype)
    floats = patterns.to(torch.float32).numpy()
    floats = floats[~numpy.isnan(floats)]
    print(name, "to F32", hashlib.sha256(floats.tobytes()).hexdigest())
