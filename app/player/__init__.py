"""The player room: the page of one lecture and the bytes behind it.

Invariant: media of unpublished lectures answer 404 to everybody who may not see the lecture, however the address was
learnt; what is published is served with ranges and may be kept for ever, because its address names its content.
"""
