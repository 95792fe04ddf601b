"""What happens where the other libraries are not installed."""

import subprocess
import sys

CODE = """
import sys

for name in "catboost", "dask", "lightgbm", "scipy", "sklearn", "xgboost":
    sys.modules[name] = None

import numpy as np
import lossbook as lb
from lossbook.interop import catboost, dask, lightgbm, scipy, xgboost

y = np.array([1.0, 2.0, 6.0])
for module in catboost, lightgbm, xgboost:
    assert module.Objective(lb.Huber()).start(y) == 2
assert scipy.objective(lb.Huber(), np.ones((3, 1)), y).fun([2.0]) == lb.Huber()(y, np.full(3, 2.0))
function = dask.as_function(lb.Huber())


class Model:
    def attr(self, name):
        return None


def call_xgboost():
    xgboost.Objective(lb.Huber()).predict(Model(), y)


def call_dask():
    function(y, y)


def import_sklearn():
    import lossbook.interop.sklearn


for call in call_xgboost, call_dask, import_sklearn:
    try:
        call()
    except ImportError as error:
        print(error)
"""


def test_modules_are_imported_and_say_what_to_install():
    script = [sys.executable, "-c", CODE]
    found = subprocess.run(script, capture_output=True, text=True)
    lines = found.stdout.splitlines()
    assert len(lines) == 3, found.stderr
    for line, extra in zip(lines, ("xgboost", "dask", "sklearn"), strict=True):
        assert f"lossbook.interop.{extra} needs" in line
        assert line.endswith(f'pip install "lossbook[{extra}]"')
