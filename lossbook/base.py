"""What an author of losses needs."""

from .core.declared import remade as remade
from .core.domains import *  # noqa: F403
from .core.loss import BatchLoss as BatchLoss
from .core.loss import ClassLoss as ClassLoss
from .core.loss import JointLoss as JointLoss
from .core.loss import Loss as Loss
from .core.loss import PointwiseLoss as PointwiseLoss
from .core.loss import RowLoss as RowLoss
from .core.parameters import parameter as parameter
from .core.parameters import switch as switch
from .core.traits import Traits as Traits
