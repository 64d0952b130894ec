"""One file of pin names per board; `pins_of` finds the one for the board that runs."""


def pins_of(board):
    """The module of pin names for a board, by its id.

    Errors    ImportError for a board that has no file here
    """
    name = board.board_id.lower()
    return getattr(__import__("boards." + name), name)
