"""Models as ONNX, and how what they say becomes a picture."""
