"""Pictures: an upload comes out square, small and as nothing but pixels, or it is refused."""

import io
import random
import re
import struct
import zlib

import pytest
from factories import make_user
from importing import MULTIPART
from PIL import Image, ImageCms
from working import worked

from app.extensions import db
from app.images import uploads
from app.images.uploads import BROKEN, TOO_BIG, TOO_HEAVY, TOO_SMALL, UNKNOWN, Unusable, squared
from app.models import Picture, Setting
from app.models.retention.erasure import delete_account

RED, BLUE = (220, 30, 30), (30, 30, 220)
ORIENTATION, ARTIST = 0x0112, 0x013B


def drawn(size=(400, 300), mode="RGB", colour=RED):
    return Image.new("RGB", size, colour).convert(mode)


def file_of(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def seen(data):
    """What we keep of a file, as a picture."""
    image = Image.open(io.BytesIO(squared(data)))
    image.load()
    return image


def close(colour, other):
    return all(abs(a - b) < 30 for a, b in zip(colour, other, strict=False))


def words_for(data):
    with pytest.raises(Unusable) as refused:
        squared(data)
    return str(refused.value)


KINDS = ["PNG", "JPEG", "WEBP", "GIF"]
MODES = [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGBA", "PNG")]
MODES += [("L", "JPEG"), ("CMYK", "JPEG"), ("YCbCr", "JPEG"), ("RGBA", "WEBP"), ("P", "GIF")]


def test_each_kind_comes_out_square_and_as_webp():
    sizes = zip(KINDS, [(400, 300), (300, 400), (256, 256), (2000, 40)], strict=True)
    for kind, size in (*sizes, ("PNG", (40, 2000)), ("JPEG", (2000, 40))):
        image = seen(file_of(drawn(size), kind))
        assert image.format == "WEBP" and image.size == (min(*size, 256),) * 2, (kind, size)
        assert close(image.convert("RGB").getpixel((5, 5)), RED), (kind, size)


def test_no_other_decoder_looks_at_a_file():
    for kind in ("BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "EPS"):
        assert words_for(file_of(drawn((64, 64)), kind)) == UNKNOWN, kind


def test_a_text_under_the_name_of_a_picture_is_none():
    for data in (b"", b"Hello", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8"):
        assert words_for(data) in (UNKNOWN, BROKEN), data


def test_every_kind_of_pixels_is_read():
    for mode, kind in MODES:
        data = file_of(drawn((64, 64), mode=mode, colour=(250, 250, 250)), kind)
        image = seen(data)
        assert image.mode in ("RGB", "RGBA"), (mode, kind)
        assert close(image.convert("RGB").getpixel((9, 9)), (250, 250, 250)), (mode, kind)


def test_sixteen_bits_of_grey_keep_their_light():
    for level in (0x2000, 0x8000, 0xF000):
        data = file_of(Image.frombytes("I;16", (64, 64), struct.pack("<H", level) * 64 * 64))
        assert close(seen(data).convert("RGB").getpixel((9, 9)), (level >> 8,) * 3)


def test_sixteen_bits_a_colour_are_read():
    row = b"\0" + struct.pack(">HHH", 0xDC00, 0x1E00, 0x1E00) * 64
    data = png(64, 64, zlib.compress(row * 64), depth=16)

    assert close(seen(data).convert("RGB").getpixel((9, 9)), RED)


def test_what_is_clear_stays_clear():
    image = Image.new("RGBA", (100, 100), (255, 0, 0, 0))

    assert seen(file_of(image)).getpixel((50, 50))[3] == 0


def test_of_a_picture_that_moves_the_first_frame_is_kept():
    frames = dict(save_all=True, append_images=[drawn(colour=BLUE)] * 3)

    for kind in ("GIF", "WEBP", "PNG"):
        image = seen(file_of(drawn(), kind, **frames))
        assert not getattr(image, "is_animated", False)
        assert close(image.convert("RGB").getpixel((9, 9)), RED)


def test_the_middle_is_kept():
    image = drawn((600, 200), colour=BLUE)
    image.paste(RED, (200, 0, 400, 200))

    kept = seen(file_of(image))

    assert all(close(kept.getpixel(at), RED) for at in [(3, 3), (196, 196), (100, 100)])


def test_a_picture_is_turned_as_the_camera_was():
    """As shown: red above blue, and green at the upper left."""
    upright = drawn((100, 100), colour=BLUE)
    upright.paste(RED, (0, 0, 100, 50))
    upright.paste((30, 200, 30), (0, 0, 40, 40))
    for orientation, kind in (*((n, "JPEG") for n in range(1, 9)), (6, "PNG"), (8, "WEBP")):
        undo = {6: 8, 8: 6}.get(orientation, orientation)
        stored = upright.transpose(uploads.TURNS[undo]) if orientation > 1 else upright
        exif = Image.Exif()
        exif[ORIENTATION] = orientation

        image = seen(file_of(stored, kind, exif=exif)).convert("RGB")

        assert close(image.getpixel((15, 15)), (30, 200, 30)), (orientation, kind)
        assert close(image.getpixel((90, 10)), RED), (orientation, kind)
        assert close(image.getpixel((50, 90)), BLUE), (orientation, kind)


def test_an_orientation_that_there_is_not_turns_nothing():
    for orientation in (0, 9, 65535):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        assert seen(file_of(drawn(), "JPEG", exif=exif)).size == (256, 256)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_words_of_a_camera_that_are_broken_do_not_break_the_picture():
    data = file_of(drawn(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\xff\xff")

    assert seen(data).size == (256, 256)


@pytest.mark.parametrize("kind", KINDS[:3])
def test_nothing_but_pixels_is_kept(kind):
    exif = Image.Exif()
    exif[ARTIST] = "Alice Liddell"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = {"comment": b"in Oxford"} if kind == "JPEG" else {}
    data = file_of(drawn(), kind, exif=exif, icc_profile=profile, xmp=b"<x>in Oxford</x>", **more)
    assert b"Alice Liddell" in data

    kept = squared(data)

    assert not re.search(rb"Alice|Oxford|EXIF|ICCP|XMP |Exif", kept)
    assert seen(data).info.keys() <= {"loop", "background", "timestamp", "duration"}


def test_a_picture_needs_some_pixels():
    for size in ((1, 1), (10000, 1), (1, 10000), (31, 400)):
        assert words_for(file_of(drawn(size))) == TOO_SMALL, size


def test_a_file_has_fifteen_megabytes_at_most():
    data = file_of(drawn())
    room = uploads.LARGEST - len(data)

    assert squared(data + b"\0" * room)
    assert words_for(data + b"\0" * (room + 1)) == TOO_HEAVY


def png(width, height, pixels, depth=8):
    """A PNG with a head that says what it likes."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def bombs():
    """Files of a few bytes that say they are huge."""
    for width, height in [(10_001, 40), (40, 10_001), (4001, 4000), (2**31 - 1, 2**31 - 1)]:
        yield png(width, height, zlib.compress(b"\0" * 1000))
    yield png(50_000, 50_000, zlib.compress(b"\0" * 1_500_000_0, 9))
    gif = bytearray(file_of(drawn((64, 64)), "GIF"))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    yield bytes(gif)
    jpeg = bytearray(file_of(drawn((64, 64)), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    yield bytes(jpeg)
    webp = bytearray(file_of(drawn((64, 64)), "WEBP", lossless=True))
    at = webp.index(b"VP8L") + 9
    webp[at : at + 4] = struct.pack("<I", struct.unpack("<I", webp[at : at + 4])[0] | 0xFFFFFFF)
    yield bytes(webp)


def test_a_bomb_is_refused_by_its_head_and_in_no_time():
    made = list(bombs())
    for data in made:
        took, words = worked(lambda data=data: words_for(data), enough=0.5)
        assert words == TOO_BIG and took < 1


def test_a_frame_larger_than_its_picture_is_a_bomb_too():
    gif = bytearray(file_of(drawn((64, 64)), "GIF"))
    at = gif.index(b",\0\0\0\0") + 5
    gif[at : at + 4] = struct.pack("<HH", 65_535, 65_535)

    assert words_for(bytes(gif)) in (TOO_BIG, BROKEN)


def test_a_jpeg_of_endless_scans_is_refused():
    """Each of them would cost a walk over all pixels."""
    data = file_of(drawn((3000, 3000)), "JPEG", progressive=True, quality=5)
    scans = data[data.rindex(b"\xff\xda") : -2]
    bomb = data[:-2] + scans * 2000 + b"\xff\xd9"

    took, words = worked(lambda: words_for(bomb[: uploads.LARGEST]), enough=0.5)
    assert len(bomb) > 30_000 and words == BROKEN and took < 1


def test_a_file_that_was_cut_off_says_so():
    for kind in KINDS:
        data = file_of(Image.effect_noise((64, 64), 80).convert("RGB"), kind)
        for part in (0.9, 0.5, 0.1):
            assert words_for(data[: int(len(data) * part)]) in (BROKEN, UNKNOWN), (kind, part)


@pytest.mark.parametrize("step", [29, pytest.param(3, marks=pytest.mark.large)])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_done_to_a_file_it_is_a_picture_or_refused(kind, step):
    data = bytearray(file_of(Image.effect_noise((48, 48), 80).convert("RGB"), kind))
    for at in range(0, min(len(data), 700), step):
        for value in (0, 255):
            broken = bytes(data[:at]) + bytes([value]) + bytes(data[at + 1 :])
            try:
                assert squared(broken).startswith(b"RIFF")
            except Unusable as refused:
                assert str(refused) in (BROKEN, UNKNOWN, TOO_BIG, TOO_SMALL)


# The pages


def send(client, data, name="me.png", kind="image/png"):
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    head += f"Content-Type: {kind}\r\n\r\n"
    body = head.encode() + data + b"\r\n--b--\r\n"
    return client.post("/settings/picture", data=body, content_type=MULTIPART)


def address_of(user):
    db.session.refresh(user)
    return f"/picture/{user.picture_key}.webp"


def test_an_own_picture_takes_the_place_of_the_identicon(client, alice):
    client.sign_in(alice)
    assert f"/avatar/{alice.avatar_key}.svg" in client.get("/user/alice").text

    assert send(client, file_of(drawn())).location == "/settings/picture"

    page = client.get("/user/alice").text
    assert address_of(alice) in page and "/avatar/" not in page
    answer = client.get(address_of(alice))
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert Image.open(io.BytesIO(answer.data)).size == (256, 256)


def test_another_picture_has_another_address_and_the_first_is_gone(client, alice):
    client.sign_in(alice)
    addresses = []
    for colour in (RED, BLUE):
        send(client, file_of(drawn(colour=colour)))
        addresses.append(address_of(alice))

    assert [client.get(address).status_code for address in addresses] == [404, 200]
    assert len(db.session.scalars(db.select(Picture)).all()) == 1


def test_a_removed_picture_is_gone_and_the_identicon_is_back(client, alice):
    client.sign_in(alice)
    send(client, file_of(drawn()))
    address = address_of(alice)
    assert "/settings/picture/remove" in client.get("/settings/picture").text

    for _ in range(2):
        assert client.post("/settings/picture/remove").location == "/settings/picture"

    assert client.get(address).status_code == 404
    assert "/settings/picture/remove" not in client.get("/settings/picture").text
    assert f"/avatar/{alice.avatar_key}.svg" in client.get("/user/alice").text


def test_the_picture_goes_with_the_account(client, alice):
    Picture.put(alice, squared(file_of(drawn())))
    address = f"/picture/{alice.picture_key}.webp"

    delete_account(alice)

    assert client.get(address).status_code == 404
    assert not db.session.scalars(db.select(Picture)).all()


def test_what_is_wrong_stands_at_the_field_and_the_picture_stays(client, alice):
    client.sign_in(alice)
    send(client, file_of(drawn()))
    address = address_of(alice)
    wrong = {
        UNKNOWN: b"Hello",
        "Choose a file.": b"",
        BROKEN: file_of(drawn())[:-30],
        TOO_HEAVY: b"\0" * (uploads.LARGEST + 1),
    }

    for words, data in wrong.items():
        page = send(client, data, name="me.png" if data else "")
        assert page.status_code == 200 and words in page.text, words
    assert address_of(alice) == address


def test_a_request_that_is_far_too_large_is_a_413(client, alice):
    client.sign_in(alice)

    assert send(client, b"\0" * (17 * 1024 * 1024)).status_code == 413


def test_pictures_change_thirty_times_an_hour_at_most(client, app, alice, monkeypatch):
    monkeypatch.setitem(app.config, "LIMITS", app.config["LIMITS"] | {"pictures": "3 per hour"})
    client.sign_in(alice)

    assert [send(client, b"Hello").status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.large
def test_a_photo_from_a_phone_is_taken():
    """12 million pixels that compress badly, in more than 12 MB."""
    photo = Image.frombytes("RGB", (4000, 3000), random.Random(1).randbytes(36_000_000))
    data = file_of(photo, "JPEG", quality=95)
    assert 12_000_000 < len(data) < uploads.LARGEST

    assert seen(data).size == (256, 256)


def test_pictures_of_a_members_only_site_are_for_members(client, alice):
    client.sign_in(alice)
    send(client, file_of(drawn()))
    address = address_of(alice)
    stranger = client.application.test_client()
    newcomer = client.application.test_client()
    newcomer.sign_in(make_user("newcomer", confirmed=False))
    answers = {}
    for readers in ("all", "members"):
        Setting.change(readers=readers)
        answers[readers] = [who.get(address).status_code for who in (client, newcomer, stranger)]

    assert answers == {"all": [200, 200, 200], "members": [200, 404, 302]}


def test_there_is_no_picture_of_a_key_that_nobody_has(client):
    for key in ("0" * 32, "x" * 32, "%2e%2e"):
        assert client.get(f"/picture/{key}.webp").status_code == 404


def test_a_card_shows_the_picture_of_its_author(client, alice):
    Picture.put(alice, squared(file_of(drawn())))
    make_user("fan").follow(alice)

    assert f"/picture/{alice.picture_key}.webp" in client.get("/user/fan/following").text
