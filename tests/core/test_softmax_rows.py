"""What losses of softmax rows share."""

import numpy as np

from lossbook.core.softmax import sum_of_others


def test_sums_of_others_do_not_cancel():
    terms = np.array([[1.0], [2.0**-60], [2.0**-70]])
    expected = [2.0**-60 + 2.0**-70, 1 + 2.0**-70, 1 + 2.0**-60]
    np.testing.assert_array_equal(sum_of_others(terms)[:, 0], expected)
    np.testing.assert_array_equal(sum_of_others(terms[:2])[:, 0], [2.0**-60, 1])
