"""Settings, logging and policies as data; imports nothing else of the project.

What changes every year (vocabularies, ladder, review aspects) is data with a validity in this folder, never code.
"""
