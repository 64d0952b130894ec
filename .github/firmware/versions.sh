# What the firmware is built with. Sourced by the scripts beside it.
CIRCUITPYTHON=10.2.1
# CircuitPython 10.2.1 refuses gcc below 14; Debian 12 has 12.2, Ubuntu 24.04 has 13.2.
LEAST_GCC=14
ARM=14.2.rel1
ARM_URL=https://developer.arm.com/-/media/Files/downloads/gnu/$ARM/binrel
