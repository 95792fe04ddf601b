"""Losses of boxes, as expressions: a box is (x1, y1, x2, y2), and k is one of its coordinates.

What has the index k is a derivative by that coordinate of the predicted box.
"""

from ..losses.boxes import CIoU, DIoU, GIoU, IoU
from .derivation import Expression, expression
from .notation import k, sp

b_k, t_k, I_k, U_k, L_k, o_k, C_k, V_k, N_k, D_k, Q_k, theta_k, v_k = (
    sp.IndexedBase(name, real=True)[k]
    for name in ("b", "t", "I", "U", "L", "o", "C", "V", "N", "D", "Q", "theta", "v")
)
w, h, w_t, h_t, w_I, h_I, w_C, h_C = sp.symbols("w h w_t h_t w_I h_I w_C h_C", real=True)
i, U, L, C, V, N, D, Q, theta, v, a = sp.symbols("I U L C V N D Q theta v alpha", real=True)
b1, b2, b3, b4 = (b_k.subs(k, number) for number in (1, 2, 3, 4))
t1, t2, t3, t4 = (t_k.subs(k, number) for number in (1, 2, 3, 4))


def _by_coordinate(*cases):
    return sp.Piecewise(*((case, sp.Eq(k, number)) for number, case in enumerate(cases, 1)))


def _where(condition, value):
    return sp.Piecewise((value, condition), (0, True))


MISSED = {
    w: b3 - b1,
    h: b4 - b2,
    w_t: t3 - t1,
    h_t: t4 - t2,
    w_I: sp.Max(0, sp.Min(b3, t3) - sp.Max(b1, t1)),
    h_I: sp.Max(0, sp.Min(b4, t4) - sp.Max(b2, t2)),
    i: w_I * h_I,
    U: w * h + w_t * h_t - i,
    L: 1 - i / U,
    I_k: _by_coordinate(
        _where((b1 > t1) & (w_I > 0), -h_I),
        _where((b2 > t2) & (h_I > 0), -w_I),
        _where((b3 < t3) & (w_I > 0), h_I),
        _where((b4 < t4) & (h_I > 0), w_I),
    ),
    U_k: _by_coordinate(-h, -w, h, w) - I_k,
    L_k: (i * U_k - I_k * U) / U**2,
}
"""L, one minus the intersection over the union, and all that it takes."""

BEND = -2 * L_k * U_k / U

HULL = {
    w_C: sp.Max(b3, t3) - sp.Min(b1, t1),
    h_C: sp.Max(b4, t4) - sp.Min(b2, t2),
    o_k: _by_coordinate(
        *(_where(condition, 1) for condition in (b1 < t1, b2 < t2, b3 > t3, b4 > t4))
    ),
}
"""The box around both, and whether an edge is one of its edges."""

VOID = HULL | {
    C: w_C * h_C,
    C_k: o_k * _by_coordinate(-h_C, -w_C, h_C, w_C),
    V: 1 - U / C,
    V_k: (U * C_k - U_k * C) / C**2,
}

x, y = (b1 + b3 - t1 - t3) / 2, (b2 + b4 - t2 - t4) / 2
DISTANCE = HULL | {
    N: x**2 + y**2,
    N_k: _by_coordinate(x, y, x, y),
    D: w_C**2 + h_C**2,
    D_k: 2 * o_k * _by_coordinate(-w_C, -h_C, w_C, h_C),
    Q: N / D,
    Q_k: (N_k - Q * D_k) / D,
}
"""Q, the squared distance N of the centres over the squared diagonal D."""

DISTANCE_BEND = (sp.Rational(1, 2) - 2 * Q_k * D_k - 2 * Q * o_k) / D

ASPECT = {
    theta: sp.atan(w_t / h_t) - sp.atan(w / h),
    theta_k: _by_coordinate(h, -w, -h, w) / (w**2 + h**2),
    v: 4 * theta**2 / sp.pi**2,
    v_k: 8 * theta * theta_k / sp.pi**2,
    a: v / (L + v),
}


def _of_boxes(loss, value, gradient, hessian, definitions):
    return Expression(
        loss=loss,
        value=value,
        gradient=gradient,
        hessian=hessian,
        y_true=t_k,
        y_pred=b_k,
        definitions=definitions,
    )


@expression.register
def _(loss: IoU):
    return _of_boxes(loss, L, L_k, BEND, MISSED)


@expression.register
def _(loss: GIoU):
    return _of_boxes(loss, L + V, L_k + V_k, BEND - 2 * V_k * C_k / C, MISSED | VOID)


@expression.register
def _(loss: DIoU):
    return _of_boxes(loss, L + Q, L_k + Q_k, BEND + DISTANCE_BEND, MISSED | DISTANCE)


@expression.register
def _(loss: CIoU):
    turn = theta_k**2 + theta * _by_coordinate(1, -1, 1, -1) * 2 * w * h / (w**2 + h**2) ** 2
    return _of_boxes(
        loss,
        L + Q + a * v,
        L_k + Q_k + a * (2 - a) * v_k - a**2 * L_k,
        (1 - a**2) * BEND
        + DISTANCE_BEND
        + a * (2 - a) * 8 * turn / sp.pi**2
        + 2 * (a * L_k - (1 - a) * v_k) ** 2 / (L + v),
        MISSED | DISTANCE | ASPECT,
    )
