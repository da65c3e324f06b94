"""Albums and tracks as Spotify gives them, and what is kept of them; what is not as documented is null or left out."""

from __future__ import annotations

from typing import Any, TypedDict

from warehouse.errors import SourceFormatError

LONGEST = 500


class Music(TypedDict):
    """An album or a track."""

    kind: str
    id: str
    name: str
    artists: list[str]
    album: str | None
    release_date: str | None
    image_url: str | None
    duration_ms: int | None
    preview_url: str | None
    url: str | None


class MusicPage(TypedDict):
    """A stretch of a list, and how long the whole is."""

    items: list[Music]
    total: int


def page_of(body: Any, name: str | None) -> MusicPage:
    """Return the page that an answer holds, under ``albums`` or ``tracks`` or, without a name, as the whole of it.

    Raises
    ------
    SourceFormatError
        If there is none.
    """
    page = _object(_object(body).get(name) if name is not None else body)
    rows = page.get("items")
    if not isinstance(rows, list):
        raise SourceFormatError("Spotify's answer holds no list")
    items = [item for row in rows if (item := _item(row)) is not None]
    total = page.get("total")
    return MusicPage(items=items, total=total if isinstance(total, int) and total >= 0 else len(items))


def _item(row: Any) -> Music | None:
    if not isinstance(row, dict) or not _text(row.get("id")) or not _text(row.get("name")):
        return None
    album = _object(row.get("album"))
    pictures = row.get("images") or album.get("images")
    picture = next((one for one in pictures if isinstance(one, dict)), {}) if isinstance(pictures, list) else {}
    artists = row.get("artists")
    links = _object(row.get("external_urls"))
    length = row.get("duration_ms")
    return Music(
        kind="track" if row.get("type") == "track" else "album",
        id=str(row["id"])[:LONGEST],
        name=str(row["name"])[:LONGEST],
        artists=[name for one in artists if (name := _text(_object(one).get("name")))]
        if isinstance(artists, list)
        else [],
        album=_text(album.get("name")),
        release_date=_text(row.get("release_date")) or _text(album.get("release_date")),
        image_url=_text(picture.get("url")),
        duration_ms=length if isinstance(length, int) and 0 <= length < 2**31 else None,
        preview_url=_text(row.get("preview_url")),
        url=_text(links.get("spotify")),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value[:LONGEST] if isinstance(value, str) and value else None
