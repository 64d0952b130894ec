"""ulab.numpy.fft: radix 2, (real, imaginary) in and out."""

from math import cos, pi, sin

from . import _nd


def _transform(r, c, sign):
    re = [x * 1.0 for x in r]
    im = [0.0] * len(re) if c is None else [x * 1.0 for x in c]
    n = len(re)
    if n < 2 or n & (n - 1):
        raise ValueError("input array length must be power of 2")
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            re[i], re[j], im[i], im[j] = re[j], re[i], im[j], im[i]
    half = 1
    while half < n:
        for k in range(half):
            angle = sign * pi * k / half
            wr, wi = cos(angle), sin(angle)
            for a in range(k, n, 2 * half):
                b = a + half
                tr, ti = wr * re[b] - wi * im[b], wr * im[b] + wi * re[b]
                re[b], im[b] = re[a] - tr, im[a] - ti
                re[a] += tr
                im[a] += ti
        half *= 2
    if sign > 0:
        re, im = [x / n for x in re], [x / n for x in im]
    return _nd.make(re, (n,), _nd.FLOAT), _nd.make(im, (n,), _nd.FLOAT)


def fft(r, c=None):
    return _transform(r, c, -1)


def ifft(r, c=None):
    return _transform(r, c, 1)
