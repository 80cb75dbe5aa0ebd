"""The shared shell: layout, macros, design tokens, error pages, the edge where requests meet transactions.

Words: an *access rule* says who may call a route; the *edge* opens and commits the one transaction of a request.
Owns no tables and knows no capability.
"""
