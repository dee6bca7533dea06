"""Runs the command line in a process of its own, and says how much memory it took.

python child.py FILE ARGUMENTS…       writes the peak, in MiB, to FILE
"""

import re
import sys
from pathlib import Path

from showtell.cli.main import run

code = run(sys.argv[2:])
# `getrusage` would count the parent's memory of the moment it forked.
status = Path("/proc/self/status")
peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii")) if status.exists() else None
Path(sys.argv[1]).write_text(str(int(peak[1]) // 1024 if peak else 0), encoding="ascii")
sys.exit(code)
