"""Pictures in documents, and of their pages: photos of a conversation that can be fetched again with the document."""

from dataclasses import dataclass, replace

from bot.messages import INSIDE, Attachment, Channel, Photo

MOST_PICTURES = 8  # of all documents of a question


@dataclass(frozen=True, slots=True)
class InnerPicture:
    """A picture in a document, or of a page of it. `n` is its number there, from 1."""

    n: int
    attachment: Attachment
    photo: Photo


def inner_channel(channel: Channel) -> Channel:
    """Return the pseudo-channel of pictures in the documents of a channel."""
    return Channel(INSIDE, str(channel))


def inner_attachment(n: int, document: Attachment, photo: Photo) -> Attachment:
    """Return the handle of the n-th picture in a document, by which it is fetched again."""
    return Attachment(ref=f"{n} {document.ref}", name=photo.name, mime=photo.mime)


def outer(channel: Channel, attachment: Attachment) -> tuple[int, Channel, Attachment]:
    """Return the number of a picture in its document, and where that was posted."""
    n, _, ref = attachment.ref.partition(" ")
    return int(n), Channel.parse(channel.id), replace(attachment, ref=ref, mime="")
