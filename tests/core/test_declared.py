"""Losses are frozen dataclasses by inheritance alone, and documented and pickled as such."""

import copy
import pickle
import pickletools
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import numpy as np
import pytest

import lossbook as lb
from lossbook.base import NON_NEGATIVE, POSITIVE, Loss, PointwiseLoss, parameter, switch

EXPORTED = [kind for kind in vars(lb).values() if isinstance(kind, type) and issubclass(kind, Loss)]


class Power(PointwiseLoss):
    """A power of the residual."""

    exponent: float = parameter(default=2.0, domain=POSITIVE)
    halved: bool = switch(default=False)

    def _shared(self, y_true, y_pred):
        return np.abs(y_pred - y_true)

    def _value(self, size):
        return size**self.exponent / (1 + self.halved)


class ShiftedPower(Power):
    """One that starts at a distance.

    Notes
    -----
    Nothing is charged before.
    """

    start: float = parameter(default=0.0, domain=NON_NEGATIVE)


@pytest.mark.parametrize("kind", [Power, ShiftedPower])
def test_a_subclass_is_a_frozen_dataclass_without_a_decorator(kind):
    names = [each.name for each in fields(kind)]
    assert is_dataclass(kind)
    assert names[:3] == ["reduction", "exponent", "halved"]
    one = kind(3)
    assert one == kind(exponent=3.0) != kind(2.0)
    assert hash(one) == hash(kind(3.0))
    assert repr(one).startswith(f"{kind.__name__}(exponent=3.0, halved=False")
    assert replace(one, halved=True) == kind(3.0, True)
    assert copy.copy(one) == copy.deepcopy(one) == one
    with pytest.raises(FrozenInstanceError, match="exponent"):
        one.exponent = 2.0
    with pytest.raises(FrozenInstanceError):
        one.other = 2.0
    with pytest.raises(FrozenInstanceError, match="exponent"):
        del one.exponent


def test_what_a_subclass_declares_is_checked_as_what_it_inherits():
    for make, name in (
        (lambda: ShiftedPower(start=-1), "start"),
        (lambda: ShiftedPower(exponent=0), "exponent"),
    ):
        with pytest.raises(ValueError, match=f"{name} must be in"):
            make()
    with pytest.raises(TypeError, match="halved must be True or False"):
        Power(halved=1)


def test_classes_with_the_same_parameters_differ():
    assert Power(3.0) != ShiftedPower(3.0)
    assert lb.SquaredError() != lb.HalfSquaredError()


@pytest.mark.parametrize("kind", [*EXPORTED, Power, ShiftedPower])
def test_the_reduction_is_said_once_in_each_docstring_and_last_of_the_parameters(kind):
    text = kind.__doc__
    assert text.count("\nreduction : ") == 1
    _, section = text.split("Parameters\n----------\n")
    own = [line for line in section.split("\n\n")[0].splitlines() if line[0] != " "]
    assert own[-1].startswith("reduction : ")
    if "\nNotes\n-----\n" in text:
        assert text.index("\nreduction : ") < text.index("\nNotes\n-----\n")


@pytest.mark.parametrize("kind", EXPORTED)
def test_parameters_are_passed_in_the_order_of_the_docstring(kind):
    _, section = kind.__doc__.split("Parameters\n----------\n")
    documented = re.findall(r"^(\w+) : ", section.split("\n\n")[0], re.MULTILINE)
    by_position = [each.name for each in fields(kind) if not each.kw_only]
    assert by_position == [name for name in documented if name in by_position]


def test_pickles_name_the_classes_of_the_package_publicly():
    for loss, name in (
        (lb.Huber(), "Huber"),
        (lb.SoftmaxCrossEntropy(class_weight=(1, 2)), "SoftmaxCrossEntropy"),
        (lb.CTC(), "CTC"),
        (lb.WeightedSum((lb.Huber(2.0), lb.SquaredError())), "WeightedSum"),
        (lb.HingeGAN(), "HingeGAN"),
        (lb.HingeGAN(reduction="sum").generator, "HingeGAN"),
        (lb.MinimaxGAN().discriminator, "MinimaxGAN"),
    ):
        pickled = pickle.dumps(loss)
        names = [each for _, each, _ in pickletools.genops(pickled) if each]
        assert name in names
        assert {each for each in names if str(each).startswith("lossbook")} == {"lossbook.base"}
        assert pickle.loads(pickled) == loss
    assert pickle.loads(pickle.dumps(lb.Huber(2.0, reduction="sum"))) == lb.Huber(
        2.0, reduction="sum"
    )


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_classes_of_an_author_are_pickled_as_their_own(protocol):
    assert pickle.loads(pickle.dumps(ShiftedPower(3.0, True, 1.0), protocol)) == ShiftedPower(
        3.0, True, 1.0
    )
    assert __name__.encode() in pickle.dumps(Power())


class Huber(lb.Huber):
    """A class of the same name as one of the package."""


def test_a_class_that_shares_a_public_name_is_pickled_as_its_own():
    again = pickle.loads(pickle.dumps(Huber(2.0)))
    assert type(again) is Huber
    assert again != lb.Huber(2.0)
