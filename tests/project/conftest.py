"""The tools of the project are scripts, which lie in a folder of their own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "tools"))
