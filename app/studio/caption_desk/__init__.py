"""The captions desk: the lines of a caption, edited against the player, kept as a draft until the lecture gets them.

A draft is one per lecture and language, guarded by a version; residents never see it. Putting it on goes through the
library, so on the shelf of an institution whose lectures are reviewed it waits like every change. A proof (校对) names
one text by its content; the label of what a machine made goes with a proof and in no other way.
"""
