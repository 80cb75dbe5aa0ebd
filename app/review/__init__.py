"""Review: what stands between a draft and residents (三审), and between a change and the shelf (更新必审).

Words: a *review* is one submission of one lecture and its way through the *levels*; a *decision* is what one reviewer
said at one level; a *part* of a lecture (text, captions, chapters, media) has a digest, and only parts whose digest was
not passed are looked at again; a *rule* says how many levels an institution needs, from a day on.
Invariants: at most one review of a lecture is open; the people of one review are all different, and none of them made
or sent in the lecture (services say so kindly, constraints make sure); the history only grows; residents see what was
passed, or what an institution without levels put there itself, which is recorded too.
"""
