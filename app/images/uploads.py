"""Uploaded pictures: cropped to a small square and stored as pixels alone, without metadata.

Files are not trusted: the size is read from the header before any pixel is decoded, and only four
decoders are enabled.
"""

from io import BytesIO
from threading import Lock

from PIL import Image
from PIL.ImageFile import ImageFile

SIDE = 256  # pixels of the result; smaller pictures are not enlarged
LEAST, LONGEST, MOST_PIXELS = 32, 10_000, 16_000_000
MOST_SCANS = 100  # of a JPEG; each takes a pass over all pixels, and cameras write about ten
LARGEST = 15 * 1024 * 1024  # bytes; a photo of 12 million pixels has up to 12 MB
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
START_OF_SCAN = b"\xff\xda"
TURNS = {  # by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION = 0x0112
one_at_a_time = Lock()  # the largest picture takes 300 MB for a second

UNKNOWN = "We can’t read this file. Choose a PNG, JPEG, WebP, or GIF photo."
BROKEN = "This file is damaged. Choose another photo."
TOO_HEAVY = f"This file is too large. Photos can be up to {LARGEST // 1024**2} MB."
TOO_BIG = (
    f"This photo is too large. Resize it to at most {MOST_PIXELS // 10**6} million pixels"
    f" and {LONGEST:,} on a side."
)
TOO_SMALL = f"This photo is too small. It needs at least {LEAST} pixels on each side."


class Unusable(ValueError):
    """A file that is no usable picture; the message is for the person who uploaded it."""


def squared(data: bytes) -> bytes:
    """Return an uploaded file as WebP: its first frame, upright and square. Raise Unusable."""
    if len(data) > LARGEST:
        raise Unusable(TOO_HEAVY)
    with one_at_a_time:
        picture = _opened(data)
        _check_size(picture, data)
        try:
            return _as_webp(_upright(picture, _square(picture)))
        except Exception:  # decoders raise errors of many kinds
            raise Unusable(BROKEN) from None


def _opened(data: bytes) -> ImageFile:
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise Unusable(TOO_BIG) from None
    except Exception:
        raise Unusable(UNKNOWN) from None


def _check_size(picture: ImageFile, data: bytes) -> None:
    width, height = picture.size
    if max(width, height) > LONGEST or width * height > MOST_PIXELS:
        raise Unusable(TOO_BIG)
    if min(width, height) < LEAST:
        raise Unusable(TOO_SMALL)
    if picture.format in ("JPEG", "MPO") and data.count(START_OF_SCAN) > MOST_SCANS:
        raise Unusable(BROKEN)


def _square(picture: ImageFile) -> Image.Image:
    """Return the middle of the picture, scaled down, while decoding if the format supports it."""
    picture.draft("RGB", (2 * SIDE, 2 * SIDE))
    picture.load()
    pixels: Image.Image = picture
    if picture.mode.startswith("I"):  # 16 bits of grey
        pixels = picture.point(lambda value: value * (1 / 256)).convert("L")
    clear = "transparency" in pixels.info or pixels.mode in ("LA", "PA", "RGBA", "RGBa")
    pixels = pixels.convert("RGBA" if clear else "RGB")
    width, height = pixels.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    box, small = (left, top, left + side, top + side), min(side, SIDE)
    return pixels.resize((small, small), Image.Resampling.LANCZOS, box=box, reducing_gap=3)


def _upright(picture: ImageFile, square: Image.Image) -> Image.Image:
    try:
        turn = TURNS.get(picture.getexif().get(ORIENTATION, 0))
    except Exception:  # EXIF may be broken in a good picture
        turn = None
    return square if turn is None else square.transpose(turn)


def _as_webp(square: Image.Image) -> bytes:
    pixels = Image.frombytes(square.mode, square.size, square.tobytes())  # without metadata
    kept = BytesIO()
    pixels.save(kept, "WEBP", quality=85)
    return kept.getvalue()
