"""What a refused setting is told with: loaded when somebody reads it."""

from gaitcore.settings import OR_ZERO, TABLE, index_of


def text(name, value, low, high, kept):
    """A SettingError in one line, from its args."""
    name, value = str(name)[:40], repr(value)[:40]
    if low is None:
        return "setting {!r} is unknown; did you mean {}?".format(name, kept)
    choices = TABLE[index_of(name)][4]
    if choices:
        span, kept = "one of " + ", ".join(choices), choices[kept]
    else:
        span = ("0 or " if choices is OR_ZERO else "") + "a whole number {} to {}".format(low, high)
    return "setting {} = {} refused: give {}; {} kept".format(name, value, span, kept)


def nearest(name):
    """The known name that shares most letter pairs with the one given."""
    pairs = [str(name)[i : i + 2] for i in range(len(str(name)) - 1)]
    best, best_score = TABLE[0][0], -1
    for row in TABLE:
        score = 10 * sum([p in row[0] for p in pairs]) - abs(len(row[0]) - len(pairs))
        if score > best_score:
            best, best_score = row[0], score
    return best
