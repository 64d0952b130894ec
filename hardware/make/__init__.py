"""What is made of the files of data in hardware/: lists of parts, sums, drawings, the power table, the case.

`make hardware` runs it all; tests read the same functions. It is no part of the installed companion.
"""
