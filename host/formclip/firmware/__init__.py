"""Firmware: what is put onto a board, how it is looked at, and the board that is not there."""
