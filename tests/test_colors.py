"""What is written can be read, in light and in dark: contrast of 4.5 at least (WCAG 2.2, 1.4.3)."""

import re

from services import ROOT

STYLES = (ROOT / "app/static/site.css").read_text()
GROUNDS = ("paper", "surface")
TINTED = {"good-soft": "good", "info-soft": "info", "warn-soft": "warn", "bad-soft": "bad"}
WRITTEN = ("ink", "muted", "accent", "accent-strong")


def palettes():
    light, dark = re.findall(r":root \{(.*?)\n *\}", STYLES, re.DOTALL)
    light = colors_in(light)
    return {"light": light, "dark": light | colors_in(dark)}


def colors_in(text):
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", text))


def contrast(one, other):
    lighter, darker = sorted((brightness(one), brightness(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def brightness(color):
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(n * p for n, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_words_and_links_can_be_read_on_each_ground_and_in_each_tinted_box():
    pairs = [(words, ground) for ground in (*GROUNDS, "accent-soft") for words in WRITTEN]
    pairs += [(words, box) for box, own in TINTED.items() for words in (own, "ink", "accent")]
    pairs += [("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-mark", "mark")]
    pairs += [("danger", ground) for ground in GROUNDS] + [("on-danger", "danger")]

    faint = {}
    for scheme, colors in palettes().items():
        for words, ground in pairs:
            if (ratio := contrast(colors[words], colors[ground])) < 4.5:
                faint[scheme, words, ground] = round(ratio, 2)

    assert faint == {}


def test_no_words_are_made_faint_after_their_color_was_chosen():
    rules = re.findall(r"([^{}\n]+)\{[^{}]*opacity: ([.\d]+)", STYLES)

    assert [who.strip() for who, amount in rules if amount != "1"] == [".withdrawn > .avatar"]
