"""Hostile versions of good files: bytes spoiled, values replaced in their structure, and crafted documents.

Everything is drawn from a `random.Random`. `OUTSIDE` in a text stands for the folder that no reader may look
into, `CANARY` for the file that code would make if it were run.
"""
