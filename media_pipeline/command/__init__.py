"""From a step to ffmpeg's arguments: the only package that knows ffmpeg-python.

Pure; golden files in the tests hold every argument. Every output path is relative: the process runs inside its attempt
folder. Not here: starting anything (`runner.py`).
"""
