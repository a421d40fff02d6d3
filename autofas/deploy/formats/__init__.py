"""Formats of exported files besides ONNX: a module each, which writes a network and runs what it wrote."""
