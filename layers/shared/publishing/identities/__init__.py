"""The identities of an advertiser.

``lookup`` checks and lists them, ``creation`` makes a custom one, ``images`` uploads the picture that it may have.
``display_name`` and ``avatars`` say what a name and a picture must be like.
"""
