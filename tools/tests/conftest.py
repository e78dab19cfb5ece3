"""Makes the tools importable, as they are when run as scripts."""

import sys
from pathlib import Path

# Behind everything else: tools/test.py must not hide the standard library's `test`.
sys.path.append(str(Path(__file__).resolve().parent.parent))
