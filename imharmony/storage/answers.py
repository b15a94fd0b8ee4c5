"""What the headers of a server's answer say, which may be anything."""

import re
import time
from email.utils import parsedate_to_datetime

import httpx


def asked_wait(text: str | None) -> float | None:
    """Seconds that a ``Retry-After`` asks for, as a number or as a date."""
    if text is None:
        return None
    if re.fullmatch(r"\s*\d+\s*", text, re.ASCII):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, OverflowError, OSError):  # its parser has a failure for every kind of nonsense
        return None


def starts_at(response: httpx.Response, done: int) -> bool:
    """Whether an answer holds the bytes from ``done`` on."""
    return response.headers.get("Content-Range", "").startswith(f"bytes {done}-")


def total_of(response: httpx.Response) -> int | None:
    """The length of the whole file of which an answer holds a range."""
    return whole_number(response.headers.get("Content-Range", "").rpartition("/")[2])


def whole_number(text: str | None) -> int | None:
    """A header's number; None for what is none, such as a superscript two, which Python calls a digit."""
    found = re.fullmatch(r"\s*(\d{1,18})\s*", text or "", re.ASCII)
    return int(found[1]) if found else None


def version_of(headers: httpx.Headers) -> str:
    """What the server calls the version of a file, or an empty text."""
    etag = headers.get("ETag", "")
    return etag if etag.startswith('"') else headers.get("Last-Modified", "")  # a weak ETag must not be used in If-Range


def published_md5(headers: httpx.Headers) -> str | None:
    """S3 names an object that was uploaded in one piece by its MD5, unless it is encrypted by a key of the owner's."""
    is_encrypted = headers.get("x-amz-server-side-encryption", "").startswith("aws:kms")
    found = re.fullmatch(r'"([0-9a-f]{32})"', headers.get("ETag", ""))
    return found[1] if found and not is_encrypted and "x-amz-server-side-encryption-customer-algorithm" not in headers else None
