"""Losses of label sequences, defined anew: every path is read."""

from itertools import product

from mpmath import mp


def reading(path, blank):
    """Return the labels that a path reads as."""
    merged = [k for k, before in zip(path, (None, *path), strict=False) if k != before]
    return tuple(k for k in merged if k != blank)


def ctc(labels, scores, blank):
    """Return minus the logarithm of the probability that paths read as the labels."""
    frames = []
    for frame in scores:
        total = sum(mp.exp(z) for z in frame)
        frames.append([mp.exp(z) / total for z in frame])
    likelihood = sum(
        mp.fprod(frame[k] for frame, k in zip(frames, path, strict=True))
        for path in product(range(len(scores[0])), repeat=len(scores))
        if reading(path, blank) == tuple(labels)
    )
    return -mp.log(likelihood) if likelihood else mp.inf
