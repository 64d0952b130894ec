"""ulab.numpy, as far as gaitcore and its tests use it."""

from math import e, pi

from . import _fft as fft
from . import _linalg as linalg
from ._nd import (
    all_ as all,
)
from ._nd import (
    any_ as any,
)
from ._nd import (
    arange,
    arctan2,
    argmax,
    argmin,
    argsort,
    array,
    asarray,
    clip,
    compress,
    concatenate,
    convolve,
    cross,
    diff,
    dot,
    equal,
    eye,
    flip,
    frombuffer,
    full,
    interp,
    isfinite,
    isinf,
    linspace,
    math_,
    maximum,
    mean,
    median,
    minimum,
    ndarray,
    nonzero,
    not_equal,
    ones,
    polyval,
    roll,
    size,
    sort,
    std,
    trapz,
    vectorize,
    where,
    zeros,
)
from ._nd import (
    max_ as max,
)
from ._nd import (
    min_ as min,
)
from ._nd import (
    sum_ as sum,
)

inf = 1e300 * 1e300
nan = inf - inf
float, int16, uint16, int8, uint8, bool = 102, 104, 72, 98, 66, 63
empty = zeros
sqrt, sin, cos, tan = math_("sqrt"), math_("sin"), math_("cos"), math_("tan")
asin, acos, atan = math_("asin"), math_("acos"), math_("atan")
exp, log, floor, ceil = math_("exp"), math_("log"), math_("floor"), math_("ceil")
degrees, radians, log2, log10 = math_("degrees"), math_("radians"), math_("log2"), math_("log10")
