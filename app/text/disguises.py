"""Disguised words: look-alike letters, digits for letters, and signs between letters, undone.

The result is compared with the watched words in addition to the text itself, and is never shown.
"""

import re
from collections.abc import Iterator
from unicodedata import normalize

from .search_words import MARKS, in_order

# After confusables.txt of Unicode 15.1: letters and digits that NFKC leaves as they are, and what
# stands for a letter in small capitals and strokes
LOOK_ALIKES = {
    "a": "ɑΑαАаᎪᗅᴀꓮ𐊠𖽀",
    "b": "ƀƄɓʙΒВЬᏏᏴᑲᖯᗷꓐꞴ𐊂𐊡𐌁",
    "c": "ƈСсᏟᴄⲤⲥꓚꮯ𐊢𐌂𐐕𐐽𐔜𑣩𑣲",
    "d": "ɖɗԁᎠᏧᑯᗞᗪᴅꓒꓓ",
    "e": "ɛΕεϵЕеєҽᎬᴇⴹꓰꬲ𐊆𑢦𑢮",
    "f": "ƒϜքᖴẝꓝꜰꞘꞙꬵ𐊇𐊥𐔥𑢢𑣂",
    "g": "ƍɠɡɢԌցᏀᏳᶃꓖ",
    "h": "ɦʜΗНһհᎻᏂᕼⲎꓧ𐋏",
    "i": "ıɨɩɪΙιІіӏᎥꙇꭵ𑣃",
    "j": "ͿϳЈјᎫᒍᴊꓙꞲ",
    "k": "ƙΚκКкᏦᛕᴋⲔꓗ𐔘",
    "l": "ƖǀʟӀ۱ᏞᒪᛁⲒⳐⵏꓡꓲ𐊊𐌉𐌠𐐛𐔦𑢣𑢲𖼖𖼨",
    "m": "ɱΜϺМмᎷᗰᛖᴍⲘꓟ𐊰𐌑",
    "n": "ƞɲɴΝηпոռⲚꓠ𐔓",
    "o": "ΟοσОоՕօ۵०০੦૦ଠ୦௦౦೦ഠ൦๐໐ဝ၀ჿዐᴏᴑⲞⲟⵔ〇ꓳꬽ𐊒𐊫𐐄𐐬𐓂𐓪𐔖𑓐𑢵𑣈𑣗𑣠",
    "p": "ƥΡρРрᏢᑭᴘⲢⲣꓑ𐊕",
    "q": "ʠԛգզⵕ",
    "r": "ƦɍʀгᎡᏒᖇᴦⲅꓣꭇꭈꮁ𐒴𖼵",
    "s": "ƽʂЅѕՏᏕᏚꓢꜱꮪ𐊖𐐠𐑈𑣁𖼺",
    "t": "ƭΤτТтᎢᴛⲦꓔ𐊗𐊱𐌕𑢼𖼊",
    "u": "µʉʋμυՍսሀᑌᴜꓴꞟꭎꭒ𐓎𐓶𑢸𑣘𖽂",
    "v": "νѴѵ۷Ꮩᐯᴠⴸꓦꛟꮩ𐔝𑜆𑢠𑣀𖼈",
    "w": "ɯωѡԜԝաᎳᏔᴡꓪꮃ𑜊𑜎𑜏𑣦𑣯",
    "x": "ΧχХхᕁᕽᚷⲬⵝꓫꞳ𐊐𐊴𐌗𐌢𐔧𑣬",
    "y": "ƴɣʏΥγУуҮүყᎩᎽᶌỿⲨꓬꭚ𐊲𑢤𑣜𖽃",
    "z": "ƶʐΖᏃᴢꓜꮓ𐋵𑢩𑣄𑣥",
}
LETTERS = {ord(sign): letter for letter, signs in LOOK_ALIKES.items() for sign in signs}
for first in (0x1F150, 0x1F170, 0x1F1E6):  # in circles, in squares, as parts of flags
    LETTERS |= {first + number: chr(ord("a") + number) for number in range(26)}
LETTERS[0x2800] = " "  # Braille without a dot
OVER_LATIN = re.compile(f"(?<=[A-Za-z])[{MARKS}]+")
SIGNS = str.maketrans("@$!|", "asil")
SIGN = re.compile(r"[@$!|]+(?=[^\W_])|(?<=[^\W_])[$]+")
LIKE_L = re.compile(r"\w*(?:(?<=[a-z])I|[|])[\w|]*")  # a capital I or a bar within a word
AS_ONE = str.maketrans("i1|", "lll")
SENTENCE = re.compile(r"[.!?]+\s+|\n\s*\n")
AS_I, AS_L = str.maketrans("013457", "oieast"), str.maketrans("013457", "oleast")
MIXED = re.compile(r"(?=\d*[^\W\d_])\w*\d\w*")
CHUNK = re.compile(r"\S+")
SPELT = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_])){2,}")
MOST_PARTS, LONGEST = 8, 64  # parts that are joined to one word, and its characters


def unmasked(text: str) -> str:
    """Return the text with look-alike letters replaced by Latin ones, as in c\u0430sin\u043e."""
    if text.isascii():
        return text
    return OVER_LATIN.sub("", normalize("NFKD", text.translate(LETTERS)).translate(LETTERS))


class Disguised:
    """The words that a reader may see in a text that spells them in disguise."""

    def __init__(self, text: str) -> None:
        text = unmasked(text)
        plain = SIGN.sub(lambda match: match[0].translate(SIGNS), text)
        sentences = (" ".join(in_order(part)) for part in SENTENCE.split(text))
        self.line = f" {' . '.join(sentences)} "
        self.line += f"{self.line.translate(AS_I)}{self.line.translate(AS_L)}"
        self.words = {*in_order(text), *in_order(plain), *_joined(text), *_joined(plain)}
        for word in [word for word in self.words if MIXED.fullmatch(word)]:
            self.words |= {word.translate(AS_I), word.translate(AS_L)}
        barred = (match[0].lower().translate(AS_ONE) for match in LIKE_L.finditer(text))
        self.one_shape = {"".join(in_order(word)) for word in barred}
        self.runs = [_together(match[0]) for match in SPELT.finditer(plain)]

    def holds(self, key: str) -> bool:
        """Return whether a watched word or phrase is among those words."""
        if " " in key:
            return f" {key} " in self.line or any(key.replace(" ", "") in run for run in self.runs)
        if len(key) > 3 and key.translate(AS_ONE) in self.one_shape:
            return True
        return key in self.words or (len(key) > 2 and any(key in run for run in self.runs))


def _joined(text: str) -> Iterator[str]:
    """Yield each chunk without the signs inside it: casino for ca-si.no, and for big-ca-si-no."""
    for chunk in CHUNK.finditer(text):
        parts = in_order(chunk[0])
        for first in range(len(parts) - 1):
            word = parts[first]
            for part in parts[first + 1 : first + MOST_PARTS]:
                word += part
                if len(word) > LONGEST:
                    break
                yield word


def _together(text: str) -> str:
    return "".join(in_order(text))
