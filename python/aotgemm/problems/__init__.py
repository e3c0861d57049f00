"""Problems to check and to measure: KINDS of call, sizes, one maker of operands and one caller.

`make` draws and lays out one problem, `OperandArena` many for timing; `call` runs a kernel on it, `call_public` makes
the user's call.
"""
