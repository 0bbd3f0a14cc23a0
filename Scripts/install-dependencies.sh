#!/usr/bin/env bash
# Installs the packages that the build needs and the system lacks; says nothing when all are there.
# `--for corpora|interop|bench` adds what those need beyond the build.
set -euo pipefail

declare -A libraries=(
  [icu-uc]=libicu-dev [libzstd]=libzstd-dev [zlib]=zlib1g-dev
  [openblas]=libopenblas-dev [libcrypto]=libssl-dev
)
declare -A commands=([pkg-config]=pkg-config [make]=make [git]=git)
case "${2:-}" in
  corpora) commands+=([python3]=python3 [zstd]=zstd [xz]=xz-utils [dpkg-deb]=dpkg) ;;
  interop | bench) commands+=([python3]=python3) ;;
esac

if [ "$(uname)" = Darwin ]; then
  for library in "${!libraries[@]}"; do
    if ! pkg-config --exists "$library" 2>/dev/null; then
      echo "Some libraries are missing. Install them with:" >&2
      echo "  brew install pkg-config icu4c zstd zlib openblas openssl" >&2
      exit 1
    fi
  done
else
  missing=()
  for command in "${!commands[@]}"; do
    command -v "$command" >/dev/null || missing+=("${commands[$command]}")
  done
  for library in "${!libraries[@]}"; do
    pkg-config --exists "$library" 2>/dev/null || missing+=("${libraries[$library]}")
  done
  if [ "${2:-}" = interop ] || [ "${2:-}" = bench ]; then
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
  fi
  if [ ${#missing[@]} -gt 0 ]; then
    sudo=
    if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
    if ! command -v apt-get >/dev/null || { [ -n "$sudo" ] && ! command -v sudo >/dev/null; }; then
      echo "Some packages are missing, and this user cannot install them. As root, run:" >&2
      echo "  apt-get install --yes ${missing[*]}" >&2
      exit 1
    fi
    echo "Installing: ${missing[*]}" >&2
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install --yes -qq "${missing[@]}" >/dev/null
  fi
fi

if ! command -v swift >/dev/null; then
  echo "Swift 6.3 or later is missing; https://www.swift.org/install says how to get it." >&2
  exit 1
fi
