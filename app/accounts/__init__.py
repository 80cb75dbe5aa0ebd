"""The keys: users, roles, memberships, sign-in. Watching needs none of this.

Words: a *user* signs in; a *membership* gives a user a role at an institution or unit; the *actor* is who acts in one
request, signed in or not. Invariant: a role is only ever held through a membership, and always somewhere, except the
operator's, which holds everywhere.
"""
