"""Bodies of the type multipart/form-data: what uploads are sent in."""

import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import CloseBoundaryNotFoundDefect
from email.message import Message
from email.parser import BytesParser

from local.tiktok_simulator.answers import ApiError, JsonObject


@dataclass(frozen=True)
class FormFile:
    """A file of a form."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Form:
    """A form's texts and files, by their names; of a name that is given twice the last counts."""

    fields: Mapping[str, str]
    files: Mapping[str, FormFile]

    @classmethod
    def parse(cls, content_type: str, body: bytes) -> "Form":
        """Read a body of this content type; TikTok refuses what is no form, or no whole one."""
        head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
        message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        if not message.is_multipart() or any(isinstance(one, CloseBoundaryNotFoundDefect) for one in message.defects):
            raise ApiError.bad_parameter("The request body is not a whole multipart form.")
        fields: dict[str, str] = {}
        files: dict[str, FormFile] = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            if not isinstance(name, str):
                continue
            if (file_name := part.get_filename()) is None:
                fields[name] = _bytes(part).decode("utf-8", errors="replace")
            else:
                files[name] = FormFile(file_name, _bytes(part))
        return cls(fields, files)

    def described(self) -> JsonObject:
        """The form as JSON; of a file only what it is called and how large it is."""
        files = {name: {"file_name": one.name, "size": len(one.content)} for name, one in self.files.items()}
        return {**self.fields, **files}


def is_multipart(content_type: str) -> bool:
    """Whether a body of this type is a form of texts and files."""
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
