"""Packages from the archive into the cache, with `apt-get download`; nothing is installed."""

import os
import re
import subprocess
import sys


def _run(arguments, **options):
    environment = dict(os.environ, LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive")
    return subprocess.run(
        arguments,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        **options,
    )


def records(names):
    """What the archive knows about packages: name -> version, file size, SHA-256, file name."""
    found = {}
    names = list(names)
    for start in range(0, len(names), 100):
        result = _run(["apt-cache", "show", "--no-all-versions"] + names[start : start + 100])
        for paragraph in result.stdout.split("\n\n"):
            fields = dict(re.findall(r"^([A-Za-z0-9-]+): (.*)$", paragraph, re.M))
            if "Package" not in fields or "SHA256" not in fields or "Filename" not in fields:
                continue
            found.setdefault(
                fields["Package"],
                {
                    "version": fields["Version"],
                    "size": int(fields["Size"]),
                    "sha256": fields["SHA256"],
                    "architecture": fields["Architecture"],
                },
            )
    return found


def update_lists():
    result = _run(["apt-get", "update"])
    if result.returncode != 0:
        print(
            "apt-get update did not work (it needs root); going on with the lists there are:\n"
            + result.stderr.strip(),
            file=sys.stderr,
        )


def file_name(name, record):
    """The name that apt-get gives the file."""
    version = record["version"].replace(":", "%3a")
    return f"{name}_{version}_{record['architecture']}.deb"


def download(names, known, folder):
    """Downloads what the cache lacks; returns the names that could not be had."""
    os.makedirs(folder, exist_ok=True)
    missing = []
    for name in names:
        path = os.path.join(folder, file_name(name, known[name]))
        if not (os.path.exists(path) and os.path.getsize(path) == known[name]["size"]):
            missing.append(name)
    failed = []
    total = sum(known[name]["size"] for name in missing)
    if missing:
        print(f"downloading {len(missing)} packages, {total / 1e6:.0f} MB", file=sys.stderr)
    partial = os.path.join(folder, "partial")
    os.makedirs(partial, exist_ok=True)
    for start in range(0, len(missing), 40):
        batch = missing[start : start + 40]
        exact = [f"{name}={known[name]['version']}" for name in batch]
        result = _run(
            ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root"] + exact, cwd=partial
        )
        if result.returncode != 0:
            for package in exact:  # one at a time: the others of the batch are not lost
                _run(
                    ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package],
                    cwd=partial,
                )
        for name in batch:
            file = file_name(name, known[name])
            path = os.path.join(partial, file)
            if os.path.exists(path) and os.path.getsize(path) == known[name]["size"]:
                os.replace(path, os.path.join(folder, file))
            else:
                failed.append(name)
    return failed
