#!/bin/sh
# Make a virtual environment, .venv, for pip to install into: since PEP 668 it may not install into
# the system's Python. Debian and Ubuntu keep what that takes in a package, python3-venv, which is
# installed first where it is missing.
set -eu
cd "$(dirname "$0")/.."
if ! python3 -c 'import ensurepip, venv' 2> /dev/null && command -v apt-get > /dev/null; then
  as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv
fi
exec python3 -m venv .venv
