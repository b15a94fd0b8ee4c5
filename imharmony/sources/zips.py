"""Zip archives read without trust in who made them: what unpacks to too much, needs a password or is damaged is named."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from imharmony.errors import InputError

BLOCK = 1 << 20
ENCRYPTED = 1  # bit of a member's flags
MOST_UNPACKED = 1 << 31  # bytes of one json; COCO's largest has 470 MB
SMALL = 1 << 26  # bytes that may unpack from anything
MOST_SWELLING = 100  # from each packed byte; json of annotations swells three to twenty times

# What reading an archive may raise where it is broken, has a password or a method that is not known here.
BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # a password is needed; NotImplementedError: an unknown method
    struct.error,
    ValueError,  # a negative position; UnicodeDecodeError: a name
    OverflowError,
    OSError,  # bzip2 data that is none
)


def zip_problem(path: Path, names: Iterable[str]) -> str | None:
    """What is wrong with a zip archive or with these of its members, read whole; None if nothing is."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(set(names) & set(archive.namelist())):
                if problem := member_problem(archive.getinfo(name), path):
                    return f"{name} {problem}"
                with archive.open(name) as member:
                    while member.read(BLOCK):
                        pass  # the last block is compared with the member's CRC-32
    except BROKEN_ZIP as error:
        return f"not a whole zip archive ({error})"
    return None


def zip_directory_problem(path: Path) -> str | None:
    """Like ``zip_problem``, but of the directory alone: members are judged when they are read."""
    return zip_problem(path, [])


def member_problem(member: zipfile.ZipInfo, path: Path) -> str | None:
    """Whether a member needs a password, or would unpack to more than any json of annotations."""
    if member.flag_bits & ENCRYPTED:
        return "needs a password; expected one that needs none"
    packed = min(member.compress_size, path.stat().st_size)  # the directory may say anything
    most = min(MOST_UNPACKED, max(SMALL, MOST_SWELLING * packed))
    if member.file_size <= most:
        return None
    return f"would unpack from {packed} to {member.file_size} bytes; expected at most {most}"


def read_member(path: Path, name: str) -> bytearray:
    """A member, whole, in memory that it declares and not more; damage is an ``InputError``."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(name)
            if problem := member_problem(info, path):
                raise InputError(f"{path}: {name} {problem}; use another mirror")
            data, at = bytearray(info.file_size), 0
            with archive.open(info) as member:
                while count := member.readinto(memoryview(data)[at : at + BLOCK]):  # type: ignore[attr-defined]
                    at += count
                if at < len(data) or member.read(1):
                    raise InputError(f"{path}: {name} has {at} bytes; its directory says {len(data)}; fetch it again")
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"{path}: has no {name}; expected it in COCO's archive; use another mirror or fewer splits") from error
    except BROKEN_ZIP as error:
        raise InputError(f"{path}: {name}: not a whole zip archive ({error}); fetch it again") from error
    return data
