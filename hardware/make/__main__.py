"""python -m hardware.make: writes all that is made of the data, but the case (`make case`)."""

from hardware.make import bom, card, pages, power, schematic, wiring, worn

if __name__ == "__main__":
    bom.write()
    schematic.write()
    wiring.write()
    power.write()
    card.write()
    worn.write()
    pages.write()
