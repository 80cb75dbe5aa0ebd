"""The batch desk: a folder of files becomes drafts, a table of their words, an Excel sheet and back.

Words: a *batch* is what was chosen together; a *row* is one file of it and the lecture made for it; a *cell* is one
thing said of that lecture, always as the text a person would type. Invariants: the same batch key and path never make
two drafts; what a file's name does not tell stays empty; a cell that is wrong changes nothing.
"""
