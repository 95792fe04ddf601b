"""The loss that CONTRIBUTING.md shows is a loss."""

import re
from pathlib import Path

from lossbook import symbolic
from lossbook.testing import check_loss


def test_the_example_keeps_the_contract():
    text = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(import numpy as np\n\nfrom lossbook.*?)```", text, re.DOTALL)
    namespace = {"__name__": __name__}
    exec(code, namespace)
    check_loss(namespace["Linex"]())
    check_loss(namespace["Linex"](rate=2.5))
    assert symbolic.expression(namespace["Linex"](rate=2.5)).check() == (0, 0)
