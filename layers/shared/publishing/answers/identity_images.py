"""The answer of the endpoint ``/identity-images``."""

from publishing.answers import Answer


class IdentityImage(Answer):
    """A picture that lies in the ad account's library now, ready to become an identity's avatar."""

    image_uri: str
    """TikTok's id of the picture: goes into the creation of an identity as it is. Holds a slash."""
    width: int | None
    """In pixels; null, as ``height``, where TikTok does not say how large the picture is that it fetched."""
    height: int | None
    """Equal to ``width``."""
    image_url: str | None
    """Where TikTok shows the picture, null where TikTok does not say. Show it, do not store it: it may expire."""
