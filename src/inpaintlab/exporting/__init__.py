"""Models for other programs: ONNX, TorchScript, and a folder to publish; each compared with the model it came from."""
