"""The parts of docs/ that are made from the code; a test holds each in step."""
