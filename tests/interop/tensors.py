"""What PyTorch makes of the cases of `formulas`, on any device."""

import formulas
import torch

from lossbook.interop.torch import as_function


def tensors(case, device="cpu"):
    """Return the inputs of a case as tensors, of which the predictions require a gradient."""
    inputs = [torch.tensor(each, device=device) for each in case.inputs]
    predictions = inputs[-case.n_predictions :]
    for each in predictions:
        each.requires_grad_()
    return inputs, predictions


def parts(case, device="cpu", weight=None):
    """Return the value, the gradients and the diagonal second derivatives, with PyTorch."""
    inputs, predictions = tensors(case, device)
    weight = None if weight is None else torch.tensor(weight, device=device, dtype=inputs[-1].dtype)
    value = as_function(case.loss)(*inputs, sample_weight=weight)
    slopes = torch.autograd.grad(value, predictions, create_graph=True)
    bends = [diagonal(*each) for each in zip(slopes, predictions, strict=True)]
    return [to_numpy(value), list(map(to_numpy, slopes)), bends]


def diagonal(slope, prediction):
    """Return the derivative of each entry of a slope by the same entry of a prediction.

    Samples do not depend on each other, so one entry of all samples is done at a time.
    """
    result = torch.zeros_like(slope)
    if not slope.requires_grad:
        return to_numpy(result)
    each_entry = [...] if slope.ndim < 2 else [(..., k) for k in range(slope.shape[-1])]
    for entry in each_entry:
        direction = torch.zeros_like(slope)
        direction[entry] = 1
        (product,) = torch.autograd.grad(
            slope, prediction, direction, retain_graph=True, allow_unused=True
        )
        if product is not None:
            result[entry] = product[entry]
    return to_numpy(result)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


def check_equals_numpy(case, device, tolerance, weight=None):
    """Assert that all parts of a case are those of NumPy."""
    value, slopes, bends = parts(case, device, weight)
    expected = formulas.parts(case, weight)
    formulas.assert_close(value, expected[0], tolerance)
    for of_part, of_expected in zip((slopes, bends), expected[1:], strict=True):
        for one, other in zip(of_part, of_expected, strict=True):
            assert one.dtype == other.dtype
            formulas.assert_close(one, other, tolerance)


SINGLE, DOUBLE = 3e-5, 1e-12
"""How far results may differ from those of NumPy, in units of the largest entry of a sample."""


def cases_of_device():
    """Return the cases that are checked on every device."""
    return formulas.cases(formulas.TRACED)


def check_on_device(case, device):
    """Assert that a case is right on a device, in both precisions."""
    for reduction in "mean", "sum":
        some = case.with_reduction(reduction)
        check_equals_numpy(some, device, DOUBLE, weight=some.weight)
    check_equals_numpy(case.in_single_precision(), device, SINGLE)
