"""Other open methods on the same traces: what a runner or researcher would otherwise use.

Development only: the peers are the extra `compare` in requirements/, never imported by the product.
"""
