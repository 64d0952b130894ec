"""python -m hardware.make: writes all that is made of the data, but the case (`make case`)."""

from hardware.make import bom, pages, schematic, wiring

if __name__ == "__main__":
    bom.write()
    schematic.write()
    wiring.write()
    pages.write()
